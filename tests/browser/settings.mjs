// SPDX-License-Identifier: GPL-3.0-or-later
// Pages that are drawn from the schema, with a module that no TypeScript knows: FORMS is what yanggen made of the appliance's modules and of
// patronus-lighthouse.yang. The stand-in keeps what is sent. [DIST=DIR] FORMS=FILE [SCREENSHOTS=DIR] node settings.mjs
import { readFileSync } from 'node:fs'
import { make_box, serve } from './fixture.mjs'
import { check_axe, complaints_of, make_checks, open_page, overflow, settle, shoot, start_browser } from './look.mjs'

const { check, end } = make_checks()
const box = make_box({ schema: JSON.parse(readFileSync(process.env.FORMS, 'utf8')) })
const { url, close } = await serve(box, { dist: process.env.DIST })
const browser = await start_browser()
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b) ? '' : `is ${JSON.stringify(a)}, wanted ${JSON.stringify(b)}`
const candidate = () => [...box.workspaces.values()].at(-1)?.document

async function enter(how = {}) {
	const page = await open_page(browser, { url, ...how })
	await page.goto(url)
	await page.getByLabel('User name').fill('alice')
	await page.getByLabel('Password').fill('correct horse')
	await page.getByRole('button', { name: 'Sign in' }).click()
	await page.locator('.frame').waitFor()
	return page
}

const page = await enter()
const sheet = () => page.locator('dialog[open]')
const go = path => page.goto(`${url}/#/settings/${path}`).then(() => page.locator('main h1').waitFor())

await check('a module has its place in the navigation, its lists below it', async () => {
	await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Lighthouse' }).click()
	await page.getByRole('heading', { name: 'Lighthouse', level: 1 }).waitFor()
	await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Lamps' }).waitFor()
})
await check('its leaves become fields: numbers, choices, switches, secrets, what is rare', async () => {
	await go('lighthouse')
	await page.getByLabel('Height (metres)').fill('55')
	await page.getByRole('radio', { name: 'red' }).check()
	await page.getByRole('switch', { name: 'Lit' }).uncheck()
	await page.getByRole('switch', { name: 'Who looks after it.' }).check()
	await page.getByLabel('Name', { exact: true }).fill('Grace')
	await page.getByLabel('Password').fill('open sesame')
	await page.getByText('More', { exact: true }).click()
	await page.getByLabel('Retries').fill('7')
	await shoot(page, 'settings-lighthouse')
	await page.getByRole('button', { name: 'Save to the pending changes' }).click()
	await page.getByText('Lighthouse is changed in the pending changes').waitFor()
	return [same(candidate().lighthouse, { lit: false, height: 55, colour: 'red', keeper: { name: 'Grace' }, retries: 7 }),
		same(box.secrets, { '/lighthouse/keeper/password': 'open sesame' })]
})
await check('what is as usual again leaves the document', async () => {
	await page.getByRole('switch', { name: 'Lit' }).check()
	await page.getByRole('radio', { name: 'white' }).check()
	await page.getByLabel('Height (metres)').fill('')
	await page.getByRole('switch', { name: 'Who looks after it.' }).uncheck()
	await page.getByRole('button', { name: 'Save to the pending changes' }).click()
	await page.getByText('1 change not yet in force').waitFor()
	return same(candidate().lighthouse, { retries: 7 })
})
await check('an entry with every kind of node, a list inside it too', async () => {
	await go('lighthouse/lamps')
	await page.getByRole('button', { name: 'New lamp' }).click()
	await sheet().getByLabel('Name', { exact: true }).fill('north')
	await sheet().getByLabel('Description').fill('<b>At the cape</b>')
	await sheet().getByLabel('Rhythm').selectOption('morse')
	await sheet().getByLabel('Watchers').fill('192.0.2.10, 2001:db8::1 198.51.100.0/24')
	await sheet().getByRole('radio', { name: 'Battery' }).check()
	await sheet().getByLabel('Battery (hours)').fill('48')
	await sheet().getByRole('button', { name: 'Add filter' }).click()
	await sheet().locator('.entry').getByLabel('Name').fill('red')
	await sheet().locator('.entry').getByLabel('Density').fill('2')
	const wrong = await check_axe(page, 'the sheet of an entry')
	await sheet().getByRole('button', { name: 'Add lamp' }).click()
	await page.getByRole('button', { name: 'north', exact: true }).waitFor()
	await shoot(page, 'settings-lamps')
	return [...wrong, await page.locator('main b').getByText('At the cape').count() ? 'text became an element' : '',
		same(candidate().lighthouse.lamps, [{ name: 'north', description: '<b>At the cape</b>', rhythm: 'morse', watchers: ['192.0.2.10', '2001:db8::1', '198.51.100.0/24'],
			battery: 48, filters: [{ name: 'red', density: 2 }] }])]
})
await check('it is edited, switched off and removed', async () => {
	await page.getByRole('button', { name: 'north', exact: true }).click()
	await sheet().getByLabel('Watchers').fill('192.0.2.99')
	if (await sheet().getByLabel('Name', { exact: true }).first().getAttribute('readonly') === null)
		return 'the key of an entry can be typed over'
	await sheet().getByRole('button', { name: 'Save lamp' }).click()
	await page.getByText('192.0.2.99').waitFor()
	await page.getByRole('switch', { name: 'north is on' }).click()
	await page.getByText('north is switched off').waitFor()
	const off = candidate().lighthouse.lamps[0]
	box.referring = { '/lighthouse/lamps/north': [1, 2, 3, 4, 5].map(n => `/firewall/rules/r${n}/source/group`) }
	await page.getByRole('button', { name: 'Actions for north' }).click()
	await page.getByRole('menuitem', { name: 'Remove' }).click()
	await sheet().getByText('5 places refer to it').waitFor()
	const referring = await sheet().locator('li').allTextContents()
	await sheet().getByText('and 2 more').waitFor()
	const wrong = await check_axe(page, 'what refers to it')
	await shoot(page, 'settings-remove')
	await sheet().getByRole('button', { name: 'Remove north' }).click()
	await page.getByText('There is no lamp yet').waitFor()
	return [...wrong, same(referring, ['/firewall/rules/r1/source/group', '/firewall/rules/r2/source/group', '/firewall/rules/r3/source/group']),
		same([off.enabled, off.watchers, off.battery], [false, ['192.0.2.99'], 48])]
})
await check('rules for bridges have their form', async () => {
	await go('firewall/bridge-rules')
	await page.getByRole('button', { name: 'New bridge rule' }).first().click()
	await sheet().getByLabel('ID', { exact: true }).fill('no-arp')
	await sheet().getByLabel('Ethertype').fill('arp')
	await sheet().getByRole('radio', { name: 'drop' }).check()
	const wrong = await check_axe(page, 'a rule for bridges', 'dialog[open]')
	await sheet().getByRole('button', { name: 'Add bridge rule' }).click()
	await sheet().waitFor({ state: 'detached' })
	const [rule] = candidate().firewall['bridge-rules']
	return [...wrong, same([rule.id, rule.ethertype, rule.action], ['no-arp', ['arp'], 'drop'])]
})
await check('a list of a thousand is searched on the appliance and read by the page', async () => {
	candidate().firewall.groups = Array.from({ length: 1000 }, (_, at) => ({ name: `group-${at}`, description: at === 777 ? 'the needle' : undefined, addresses: [`198.18.${at >> 8}.${at & 255}`] }))
	await go('firewall/groups')
	await page.getByText('100 of 1,000 groups').waitFor()
	await page.getByRole('button', { name: 'More', exact: true }).click()
	await page.getByText('200 of 1,000 groups').waitFor()
	await page.getByRole('searchbox', { name: 'Search Groups' }).fill('needle')
	await page.getByText('1 group', { exact: true }).waitFor()
	return await page.getByRole('button', { name: 'group-777', exact: true }).count() === 1 ? '' : 'the needle is not there'
})
await check('Ctrl-K finds pages, settings and objects, by keyboard alone', async () => {
	await go('system')
	await page.keyboard.press('Control+k')
	await page.getByRole('combobox').waitFor()
	await page.keyboard.type('rhythm')
	await page.getByRole('option', { name: /^Rhythm/ }).waitFor()
	const wrong = await check_axe(page, 'the palette')
	await page.keyboard.press('Enter')
	await page.getByRole('heading', { name: 'Lamps', level: 1 }).waitFor()
	await page.keyboard.press('Control+k')
	await page.getByRole('combobox').waitFor()
	await page.keyboard.type('needle')
	await page.getByRole('option', { name: /group-777/ }).waitFor()
	await shoot(page, 'palette')
	await page.keyboard.press('ArrowUp')
	await page.keyboard.press('Enter')
	await sheet().getByRole('heading', { name: 'Group group-777' }).waitFor()
	await page.keyboard.press('Escape')
	return wrong
})
await check('an address that names nothing says so', async () => {
	await page.goto(`${url}/#/settings/lighthouse/keepers`)
	await page.getByRole('alert').getByText('There is no setting').waitFor()
})

const PAGES = ['system', 'interfaces', 'firewall', 'firewall/zones', 'management', 'lighthouse', 'lighthouse/lamps', 'users']
for (const [mode, how] of [['light', {}], ['dark', { dark: true }], ['phone', { size: 'phone' }], ['forced-colours', { forced: true }]]) {
	await check(`every section is accessible and fits (${mode})`, async () => {
		const other = await enter(how)
		const wrong = []
		for (const path of PAGES) {
			await other.goto(`${url}/#/settings/${path}`)
			await other.locator('main h1:not(.unseen)').waitFor()
			await settle(other)
			await shoot(other, `settings-${path.replace('/', '-')}-${mode}`)
			const wide = await overflow(other)
			wrong.push(wide && `${path} scrolls sideways: ${wide}`, ...await check_axe(other, path))
		}
		wrong.push(...complaints_of(other))
		await other.context().close()
		return wrong
	})
}
await check('nobody complained', () => complaints_of(page))
await check('a field that the role may not edit is shown and cannot be changed; the rest of the form can', async () => {
	box.users.olga = 'correct horse'
	const her = await open_page(browser, { url })
	await her.goto(url)
	await her.locator('[name=username]').fill('olga')
	await her.locator('[name=password]').fill('correct horse')
	await her.locator('form [type=submit]').click()
	await her.locator('.frame').waitFor()
	await her.goto(url + '/#/settings/system')
	await her.getByText('You may look at this, not change it').waitFor()
	const wrong = [await her.getByLabel('Hostname').isEnabled() && 'the name can be changed', await her.getByLabel('Hostname').inputValue() === '' && 'the name is not shown',
		!await her.getByLabel('Time zone').isEnabled() && 'the time zone cannot be changed', ...await check_axe(her, 'a form with a closed field')]
	await shoot(her, 'read-only-field')
	await her.context().close()
	return wrong
})

await browser.close()
close()
end()
