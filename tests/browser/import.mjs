// SPDX-License-Identifier: GPL-3.0-or-later
// Rules of other firewalls on a box that is set up: each kind is imported from the page, its account read, looked at, committed and kept, and real packets
// tell before and after what changed. Also what a further import does with an earlier one and with what was pending.
//   BASE_URL=... CLAIM_CODE=... FOLDER=... WORLD=ADDRESS PLACES='{"inet":NAMESPACE,"lan":...,"dmz":...}' node import.mjs
import { execSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { by_keyboard, check_axe, claim, complaints_of, make_checks, open_page, overflow, picture, settle, shoot, start_browser } from './look.mjs'

const url = process.env.BASE_URL.replace(/\/$/, '')
const places = JSON.parse(process.env.PLACES)
const SAMPLES = new URL('../import/', import.meta.url).pathname
const { check, end } = make_checks()
const browser = await start_browser()
const page = await open_page(browser, { url })
const dialog = () => page.locator('dialog[open]')
const bar = () => page.locator('.bar')
const go = name => page.goto(`${url}/#/${name}`).then(() => page.locator('main h1').waitFor())
const { tab_to, press, give_files } = by_keyboard(page)
const api = (method, where, body, headers = {}) => page.evaluate(async ([how, at, what, more]) => {
	const session = await (await fetch('/api/v1/session')).json()
	const response = await fetch('/api/v1' + at, { method: how, headers: { 'Content-Type': 'application/json', 'Patronus-CSRF': session.csrf, ...more }, body: what ? JSON.stringify(what) : undefined })
	return { status: response.status, body: response.headers.get('Content-Type')?.includes('json') ? await response.json() : null }
}, [method, where, body, headers])
const home = async () => (await api('GET', '/workspaces')).body.workspaces.find(one => one.owner === 'admin')?.id
const candidate = async where => {
	const id = await home()
	return (await api('GET', '/configuration' + where, undefined, id ? { 'Patronus-Workspace': id } : {})).body
}
const interfaces = async () => (await candidate('/interfaces')).map(one => one.name).sort().join()

/* From where, whereto: what the samples differ in. */
const PROBES = { 'LAN to the internet': ['lan', process.env.WORLD, 80], 'LAN by telnet': ['lan', process.env.WORLD, 23], 'LAN to the third side by ssh': ['lan', '192.0.2.130', 22],
	'third side to the internet': ['dmz', process.env.WORLD, 80], 'internet to the server by 80': ['inet', '198.51.100.2', 80], 'internet to the LAN by 8080': ['inet', '198.51.100.2', 8080] }
const passes = ([place, address, port]) => execSync(`ip netns exec ${places[place]} socat -T2 - TCP:${address}:${port},connect-timeout=1 < /dev/null 2> /dev/null || true`, { timeout: 10_000 }).length > 0

/** What is not as wanted: a digit for each probe. */
function packets(wanted) {
	return Object.entries(PROBES).map(([name, probe], at) => passes(probe) === (wanted[at] === '1') ? '' : `${name} ${wanted[at] === '1' ? 'does not pass' : 'passes'}`)
}

async function choose(kind, ...files) {
	await page.getByLabel('What it is').selectOption(kind)
	await page.getByLabel('File', { exact: true }).setInputFiles(files)
}

/** The appliance's own account, beside what the page tells of it. */
async function take() {
	const answer = page.waitForResponse(/\/import\?format=/)
	await page.getByRole('button', { name: 'Take it into the draft' }).click()
	return told(await (await answer).json())
}

const only = name => page.locator('.import-account').getByRole('radio', { name, exact: true }).check({ force: true })

async function told({ done, changed, refused, account }) {
	await page.getByText('It is in the pending changes').waitFor()
	const rows = page.locator('.import-account tbody tr')
	const wrong = []
	for (const [name, wanted] of [['All', account.length], [`${refused} refused`, refused], [`${changed} changed`, changed], [`${done} done`, done]]) {
		await only(name)
		const count = await rows.count()
		wrong.push(count !== Math.min(wanted, 200) && `${name}: ${count} rows of ${wanted}`)
	}
	await only('All')
	const unsaid = account.filter(one => one.outcome === 'refused' && !one.notes.length)
	return [...wrong, account.length !== done + changed + refused && 'an object is missing', unsaid.length > 0 && `no reason for ${unsaid[0].text}`]
}

async function commit(comment) {
	await go('pending')
	await page.getByText('Valid: the appliance can do this').waitFor()
	await page.getByRole('button', { name: 'Commit', exact: true }).click()
	await dialog().getByLabel('Comment').fill(comment)
	await dialog().getByLabel('Time to answer').selectOption('60')
	await dialog().getByRole('button', { name: 'Commit', exact: true }).click()
	await bar().getByRole('button', { name: 'Keep' }).waitFor()
}

async function keep() {
	await bar().getByRole('button', { name: 'Keep' }).click()
	await bar().getByText(/is kept/).waitFor()
	await bar().getByRole('button', { name: 'OK' }).click()
}

async function discard() {
	const id = await home()
	if (id)
		await api('DELETE', `/workspaces/${id}`)
	await page.reload()
	await page.locator('.frame').waitFor()
}

await claim(page, url)

await check('by keyboard alone: a ruleset of nft is found by Ctrl-K, taken, looked at, committed and kept; nothing changes before', async () => {
	const wrong = packets('111100')
	await page.keyboard.press('Control+k')
	await page.locator('.palette [role=combobox]').fill('import')
	await page.keyboard.press('Enter')
	await page.getByRole('heading', { name: 'Import a configuration' }).waitFor()
	await settle(page)
	await shoot(page, 'import-empty')
	await tab_to(/^What it is/)
	await page.keyboard.type('nft')
	await page.getByText('What nft -j list ruleset prints').waitFor()
	await give_files(/^File/, [`${SAMPLES}nft/router.json`])
	const answer = page.waitForResponse(/\/import\?format=nft/)
	await press(/^Take it into the draft/)
	wrong.push(...await told(await (await answer).json()), ...packets('111100'))
	await press(/^See what would change$/, 'Shift+Tab')
	await page.getByText('Valid: the appliance can do this').waitFor()
	await press(/^Commit/)
	await dialog().waitFor()
	await press(/^Commit$/)
	await bar().getByRole('button', { name: 'Keep' }).waitFor()
	wrong.push(...packets('110010'))
	await press(/^Keep/)
	await bar().getByText(/is kept/).waitFor()
	await press(/^OK$/)
	return [...wrong, ...packets('110010')]
})

for (const [name, kind, file, wanted] of [['OPNsense', 'pf', 'pf/opnsense.xml', '111000'], ['OpenWrt', 'uci', 'uci/openwrt.uci', '100101'], ['iptables', 'iptables', 'iptables/router.rules', '110010']])
	await check(`${name}: every object has its outcome, and packets are decided by the imported rules`, async () => {
		await go('import')
		await choose(kind, SAMPLES + file)
		const wrong = await take()
		if (kind === 'uci')
			for (const [mode, how] of [['light', {}], ['dark', { dark: true }], ['phone', { phone: true }]]) {
				await page.emulateMedia({ colorScheme: how.dark ? 'dark' : 'light' })
				await page.setViewportSize(how.phone ? { width: 360, height: 760 } : { width: 1440, height: 900 })
				await settle(page)
				await page.locator('main').evaluate(one => one.scrollBy(0, one.querySelector('.notice.tone-good').getBoundingClientRect().top - one.getBoundingClientRect().top - 16))
				await shoot(page, `import-${mode}`)
				await picture(page, `import-${mode}`)
				const wide = await overflow(page)
				wrong.push(...await check_axe(page, `import ${mode}`), wide && `it scrolls sideways: ${wide}`)
			}
		await page.emulateMedia({ colorScheme: 'light' })
		await page.setViewportSize({ width: 1440, height: 900 })
		await commit(`Browser test imports ${name}`)
		wrong.push(...packets(wanted))
		await keep()
		return wrong
	})

await check('what a trial let through is gone when one goes back', async () => {
	await go('import')
	await choose('uci', `${SAMPLES}uci/openwrt.uci`)
	const wrong = await take()
	await commit('Browser test goes back')
	wrong.push(...packets('100101'))
	await bar().getByRole('button', { name: 'Go back' }).click()
	await bar().getByText(/was taken back/).waitFor()
	await bar().getByRole('button', { name: 'OK' }).click()
	return [...wrong, ...packets('110010')]
})

await check('a further import into one draft takes the interfaces of the earlier one away, and says so; a refused one leaves them', async () => {
	await discard()
	await go('import')
	const usual = await interfaces()
	await choose('pf', `${SAMPLES}pf/pfsense.xml`)
	const wrong = await take()
	const more = await interfaces()
	await page.getByText('A further import takes the place of the earlier one').waitFor()
	await shoot(page, 'import-again')
	writeFileSync(`${process.env.FOLDER}/no.rules`, '*filter\n-A NOWHERE this is no rule\n')
	page.expected.push(/status of (400|422).*\/import/)
	await choose('iptables', `${process.env.FOLDER}/no.rules`)
	await page.getByRole('button', { name: 'Take it into the draft' }).click()
	await page.getByText('The appliance did not take it').waitFor()
	await shoot(page, 'import-refused')
	wrong.push(await interfaces() !== more && `after a refused import there are ${await interfaces()}`, await page.getByText('It is in the pending changes').count() > 0 && 'the page says that it was taken')
	await choose('nft', `${SAMPLES}nft/router.json`)
	wrong.push(...await take())
	const now = await interfaces()
	return [...wrong, more === usual && `the first import adds no interface to ${usual}`, now !== usual && `there are ${now}, and were ${usual}`]
})

await check('what is pending stays, or is discarded first: as one chooses', async () => {
	await discard()
	await go('import')
	const rename = async () => {
		const { body } = await api('POST', '/workspaces', {})
		await api('PATCH', '/configuration/system', { hostname: 'pending' }, { 'Patronus-Workspace': body.id, 'If-Match': '*' })
		await page.reload()
		await page.getByText('What is pending already').waitFor()
	}
	await rename()
	await choose('nft', `${SAMPLES}nft/router.json`)
	await page.getByText('The 1 change stays, but for what the file replaces').waitFor()
	const wrong = await take()
	wrong.push((await candidate('/system')).hostname !== 'pending' && 'what was pending is lost')
	await page.getByRole('radio', { name: 'Discard it first' }).check({ force: true })
	await page.getByText(/are lost; the file meets what runs now/).waitFor()
	wrong.push(...await check_axe(page, 'import into a draft'))
	wrong.push(...await take())
	return [...wrong, (await candidate('/system')).hostname !== 'edge1' && 'what was pending is still there', (await api('GET', '/workspaces')).body.workspaces.length !== 1 && 'the workspace before is still there']
})

await check('text of the source is shown as text', async () => {
	await discard()
	await go('import')
	writeFileSync(`${process.env.FOLDER}/x.rules`, '*filter\n:FORWARD DROP [0:0]\n-A FORWARD -i eth1 -o eth0 -m comment --comment "<img src=x onerror=alert(1)>" -j ACCEPT\nCOMMIT\n')
	await choose('iptables', `${process.env.FOLDER}/x.rules`)
	await take()
	await page.locator('.import-was', { hasText: '<img src=x onerror=alert(1)>' }).waitFor()
	return await page.locator('main img').count() ? 'it became an element' : ''
})

await check('a document takes the place of all but the users, when it has none', async () => {
	await discard()
	await go('import')
	writeFileSync(`${process.env.FOLDER}/box.yaml`, 'system: { hostname: gate2 }\ninterfaces:\n  lan: { match: { name: eth1 }, addresses: [192.0.2.1/25] }\nfirewall:\n  zones: { lan: { interfaces: [lan] } }\nmanagement: { web: { zones: [lan] } }\n')
	await page.getByLabel('What it is').selectOption('patronus')
	await page.getByText('It takes the place of the whole configuration').waitFor()
	await page.getByLabel('File', { exact: true }).setInputFiles(`${process.env.FOLDER}/box.yaml`)
	await page.getByRole('button', { name: 'Take it into the draft' }).click()
	await page.getByText('It is in the pending changes').waitFor()
	await page.getByRole('link', { name: 'See what would change' }).click()
	await page.getByText('Valid: the appliance can do this').waitFor()
	const users = (await candidate('/users')).map(one => `${one.name} ${one.role}`).sort().join()
	const wrong = [(await candidate('/system')).hostname !== 'gate2' && 'it is not taken', await interfaces() !== 'lan' && `interfaces: ${await interfaces()}`, users !== 'admin admin,alice operator' && `users: ${users}`]
	await discard()
	return wrong
})

await check('the browser complained of nothing', () => complaints_of(page).filter(text => !/status of 404.*\/commits\/pending/.test(text)))
await browser.close()
end()
