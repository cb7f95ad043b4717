// SPDX-License-Identifier: GPL-3.0-or-later
// Dashboard, live log, connections and explanations against the stand-in. [DIST=DIR] [SCREENSHOTS=DIR] node screens.mjs
import { make_box, serve } from './fixture.mjs'
import { by_keyboard, check_axe, complaints_of, make_checks, open_page, overflow, settle, shoot, start_browser } from './look.mjs'

const { check, end } = make_checks()
const browser = await start_browser()

async function with_page(options, then) {
	const box = make_box(options.box)
	const { url, close } = await serve(box, { dist: process.env.DIST })
	const page = await open_page(browser, { url, ...options })
	page.expected.push(...options.expected ?? [])
	try {
		await page.goto(url)
		await page.getByLabel('User name').fill('alice')
		await page.getByLabel('Password').fill('correct horse')
		await page.getByRole('button', { name: 'Sign in' }).click()
		await page.locator('.frame').waitFor()
		return [await then(page, url, box), ...complaints_of(page)].flat()
	} finally {
		await page.context().close()
		close()
	}
}

const same = (is, wanted) => JSON.stringify(is) === JSON.stringify(wanted) ? '' : `is ${JSON.stringify(is)}, wanted ${JSON.stringify(wanted)}`
const candidate = box => [...box.workspaces.values()].at(-1)?.document.firewall
const widgets = page => page.locator('[data-widget]').evaluateAll(all => all.map(one => one.dataset.widget))
const sheet = page => page.locator('dialog[open]')

/** The same person at another computer. */
async function elsewhere(url, then) {
	const page = await open_page(browser, { url })
	await page.goto(url)
	await page.getByLabel('User name').fill('alice')
	await page.getByLabel('Password').fill('correct horse')
	await page.getByRole('button', { name: 'Sign in' }).click()
	await page.locator('[data-widget]').first().waitFor()
	const wrong = [await then(page), ...complaints_of(page)].flat()
	await page.context().close()
	return wrong
}

const kept = page => page.waitForResponse(answer => answer.request().method() === 'PATCH' && answer.url().endsWith('/users/me/preferences'))

await check('the dashboard begins with what the box remembers; its widgets are arranged, and stay so after a reload and at another computer', () =>
	with_page({}, async (page, url) => {
		await page.getByText('8 min').first().waitFor({ state: 'attached' }).catch(() => {})
		await page.locator('.gauge canvas').nth(2).waitFor()
		await page.getByText('192.0.2.23').waitFor()
		const wrong = await check_axe(page, 'dashboard')
		await shoot(page, 'dashboard-history')
		await page.getByRole('radio', { name: '24 hours' }).check()
		await page.getByRole('button', { name: 'Arrange' }).click()
		wrong.push(...await check_axe(page, 'dashboard arranged'))
		const usual = await widgets(page)
		await page.getByRole('button', { name: 'Hide Refused last' }).click()
		await page.getByRole('button', { name: 'Move Top talkers earlier' }).click()
		await page.locator('main').evaluate(main => main.scrollTo(0, 0))
		const from = await page.locator('[data-widget="machine"] .grip').boundingBox()
		await page.mouse.move(from.x + 8, from.y + 8)
		await page.mouse.down()
		const to = await page.locator('[data-widget="throughput"]').boundingBox()
		await page.mouse.move(to.x + 200, to.y + 40, { steps: 6 })
		await page.mouse.up()
		await page.getByRole('button', { name: 'Done' }).click()
		const mine = ['machine', 'throughput', 'talkers', 'rules', 'processes']
		wrong.push(same(await widgets(page), mine))
		await page.reload()
		await page.locator('[data-widget]').first().waitFor()
		wrong.push(same(await widgets(page), mine))
		wrong.push(...await elsewhere(url, async other => same(await widgets(other), mine)))
		await page.getByRole('button', { name: 'Arrange' }).click()
		await page.getByRole('button', { name: 'As it was' }).click()
		wrong.push(same(await widgets(page), usual))
		await page.goto(url + '/#/history')
		return wrong
	}))

await check('two tabs that arrange at once: the second is told and shows what the first made; colours that one of them chose stay', () =>
	with_page({ expected: [/412/] }, async (page, url) => {
		await page.locator('[data-widget]').first().waitFor()
		const wrong = await elsewhere(url, async other => {
			other.expected.push(/412/)
			await other.getByRole('button', { name: 'Arrange' }).click()
			let done = kept(other)
			await other.getByRole('button', { name: 'Hide Refused last' }).click()
			await done
			const theirs = await widgets(other)
			await page.getByRole('button', { name: 'Arrange' }).click()
			await page.getByRole('button', { name: 'Move Top talkers earlier' }).click()
			await page.getByText('The dashboard was arranged elsewhere meanwhile').waitFor()
			await page.waitForFunction(n => document.querySelectorAll('[data-widget]').length === n, theirs.length)
			const is = [same(await widgets(page), theirs)]
			done = kept(other)
			await other.getByRole('radio', { name: 'Dark' }).check()
			await done
			done = kept(page)
			await page.getByRole('button', { name: 'Move Top talkers earlier' }).click()
			await done
			await page.waitForFunction(() => document.documentElement.dataset.theme === 'dark')
			const ours = await widgets(page)
			await other.reload()
			await other.locator('[data-widget]').first().waitFor()
			is.push(same(await widgets(other), ours), ours.indexOf('talkers') !== theirs.indexOf('talkers') - 1 && 'it was not moved')
			return is
		})
		return wrong
	}))

await check('nothing is asked for while nobody looks', () =>
	with_page({}, async page => {
		await page.locator('.gauge').first().waitFor()
		await page.evaluate(() => {
			Object.defineProperty(document, 'hidden', { configurable: true, get: () => true })
			document.dispatchEvent(new Event('visibilitychange'))
		})
		await page.waitForTimeout(500)
		const asked = []
		page.on('request', request => request.url().includes('/api/') && asked.push(request.url()))
		await page.waitForTimeout(11_000)
		return same(asked, [])
	}))

await check('the log says where addresses are from, in the language of the page, and shows only those of a country or an autonomous system', () =>
	with_page({}, async (page, url, box) => {
		await page.goto(url + '/#/log')
		const rows = page.locator('.log [role=row][data-key]')
		await rows.first().waitFor()
		await page.getByRole('button', { name: 'Pause' }).click()
		const all = box.log.length
		const germany = page.locator('.log button.origin', { hasText: 'DE' }).first()
		const wrong = [same(await germany.getAttribute('title'), 'Show only Germany')]
		await shoot(page, 'log-origins')
		wrong.push(...await check_axe(page, 'log with origins'))
		await germany.click()
		const of_rows = () => rows.evaluateAll(all => all.map(row => row.textContent))
		wrong.push((await of_rows()).some(text => !text.includes('DE')) && 'a row is of elsewhere', await rows.count() === 0 && 'there is no row')
		const germans = await page.locator('.tools-count').textContent()
		await page.getByRole('button', { name: /Country/ }).first().click()		// and turned round
		wrong.push((await of_rows()).some(text => text.includes('DE')) && 'a row is of Germany')
		await page.getByRole('button', { name: 'Clear' }).click()
		const search = page.getByLabel('Search the log')
		await search.fill('country:de')
		await page.waitForFunction(text => document.querySelector('.tools-count').textContent === text, germans)
		await search.fill('as:64496')
		await page.waitForFunction(text => document.querySelector('.tools-count').textContent === text, germans)
		await search.fill('AS64511 country:DE')
		await page.getByText('No packet is like that').waitFor().catch(() => wrong.push('two that exclude each other show something'))
		wrong.push(all < 1 && 'there was no row')
		return wrong
	}))

await check('a line of the log becomes a rule before the one that decided, with its service; an address goes into a group', () =>
	with_page({}, async (page, url, box) => {
		await page.goto(url + '/#/log')
		await page.getByLabel('Search the log').fill('guests-quiet')
		const line = page.locator('.log [role=row][data-key]').first()
		await line.getByRole('button', { name: /^More for/ }).click()
		await page.getByRole('menuitem', { name: 'Make a rule that lets it' }).click()
		await sheet(page).getByText('The service tcp-445 is made with this rule.').waitFor()
		const wrong = await check_axe(page, 'rule of a line')
		await sheet(page).getByLabel('Name').fill('printer')
		await sheet(page).getByRole('button', { name: 'Add rule' }).click()
		await page.locator('.rules [data-key="printer"]').waitFor()
		await settle(page)
		const made = candidate(box).rules.find(rule => rule.id === 'printer')
		wrong.push(same([made.from, made.to, made.action, made.service, made.destination], [['guest'], ['lan'], 'accept', ['tcp-445'], { addresses: ['192.0.2.20'] }]),
			same(candidate(box).services.at(-1), { name: 'tcp-445', protocol: ['tcp'], ports: ['445'] }), same(candidate(box).rules.findIndex(rule => rule.id === 'printer') + 1, candidate(box).rules.findIndex(rule => rule.id === 'guests-quiet')))
		await page.goto(url + '/#/log')
		await page.getByLabel('Search the log').fill('admins-manage')
		await page.locator('.log [role=row][data-key]').first().focus()
		await page.keyboard.press('n')
		await sheet(page).getByRole('checkbox', { name: 'ssh' }).waitFor()
		wrong.push(await sheet(page).getByRole('radio', { name: 'Drop' }).isChecked() ? '' : 'a rule against what passed does not drop')
		await page.keyboard.press('Escape')
		await page.goto(url + '/#/log')
		await page.locator('.log [role=row][data-key]').first().getByRole('button', { name: /^More for/ }).click()
		await page.getByRole('menuitem', { name: 'Add the sender to a group' }).click()
		await sheet(page).getByLabel('Group', { exact: true }).selectOption('A new group …')
		await sheet(page).getByLabel('Name of the new group').fill('seen')
		await page.keyboard.press('Enter')
		await page.getByText('in seen in the pending changes').waitFor()
		wrong.push(same(candidate(box).groups.at(-1).name, 'seen'))
		return wrong
	}))

/** A port stands behind its address, not over it. */
const covered = page => page.evaluate(() => [...document.querySelectorAll('.state-end .port-number')].some(port => {
	const address = document.createRange()
	address.selectNodeContents(port.previousSibling)
	return port.getBoundingClientRect().left < address.getBoundingClientRect().right - 0.5
}) ? 'a port lies over its address' : '')

await check('connections are searched at the appliance, shown a page at a time, and ended, by keyboard alone', () =>
	with_page({}, async (page, url, box) => {
		await page.goto(url + '/#/log')		// its styles stay
		await page.locator('.log [role=row][data-key]').first().waitFor()
		await page.goto(url + '/#/states')
		await page.getByText('240 of 240 connections').waitFor()
		const wrong = [...await check_axe(page, 'connections'), await overflow(page), await covered(page)]
		await page.getByRole('button', { name: 'Show more' }).click()
		await page.waitForFunction(() => document.querySelectorAll('main tbody tr').length === 200)
		const { press, type_into, focused } = by_keyboard(page)		// from here on without a mouse
		await type_into(/^Search connections/, '22 tcp zzz')
		await page.getByText('“zzz” is neither an address').waitFor()
		await type_into(/^Search connections/, '22 tcp')
		await page.getByText('60 of 240 connections').waitFor()
		await press(/^End all 60/)
		await press(/^End$/)
		await page.getByText('60 connections ended').waitFor()
		await type_into(/^Search connections/, ' ')
		await page.getByText('180 of 180 connections').waitFor()
		await press(/^More for/)
		for (let tries = 0; tries < 12 && await focused() !== 'End it'; tries++)
			await page.keyboard.press('ArrowDown')
		await page.keyboard.press('Enter')
		await sheet(page).getByRole('button', { name: 'End', exact: true }).waitFor()
		await settle(page)
		await page.keyboard.press('Enter')
		await page.getByText('179 of 179 connections').waitFor()
		return [...wrong, same(box.connections.length, 179)]
	}))

await check('an explanation shows the way of a packet, leads to its rule, and is kept as a test', () =>
	with_page({ expected: [/status of 400/] }, async (page, url, box) => {
		await page.goto(url + '/#/explain')
		await page.getByLabel('Sender').fill('nonsense')
		await page.getByLabel('Receiver').fill('203.0.113.10')
		await page.getByRole('button', { name: 'Explain', exact: true }).click()
		await page.getByText('source is no address').waitFor()
		await page.getByLabel('Sender').fill('192.0.2.10')
		await page.getByLabel('Port').fill('443')
		await page.keyboard.press('Enter')
		await page.getByText('It passes from lan to wan').waitFor()
		const wrong = await check_axe(page, 'explanation')
		await shoot(page, 'explain')
		await page.getByRole('button', { name: 'Keep as a test' }).click()
		await sheet(page).getByLabel('Name').fill('web-is-open')
		await settle(page)		// the button's colour has come
		wrong.push(...await check_axe(page, 'keep a test'))
		await page.keyboard.press('Enter')
		await page.getByText('The test web-is-open is in the pending changes').waitFor()
		wrong.push(same(candidate(box).assertions, [{ name: 'web-is-open', from: 'lan', to: 'wan', source: '192.0.2.10', destination: '203.0.113.10', protocol: 'tcp', port: 443, expect: 'pass' }]))
		await page.locator('.way').getByRole('link', { name: 'lan-out' }).click()
		await page.locator('.rules [data-key="lan-out"]').waitFor()
		return wrong
	}))

await check('a frame between ports of a bridge is explained too', () =>
	with_page({}, async (page, url) => {
		await page.goto(url + '/#/explain')
		await page.getByLabel('Sender').fill('192.0.2.40')
		await page.getByLabel('Receiver').fill('192.0.2.1')
		await page.getByRole('radio', { name: 'bridged' }).check()
		await page.getByLabel('In by port').fill('eth2')
		await page.getByLabel('In it').selectOption('arp')
		await page.getByRole('button', { name: 'Explain', exact: true }).click()
		// What ARP does not have is not asked.
		await page.getByText('rule "no-arp" drops it: in-port=eth2 ethertype=arp source=192.0.2.40 destination=192.0.2.1', { exact: true }).waitFor()
		await page.getByText('does not get there').waitFor()
		const wrong = await check_axe(page, 'explanation of a frame')
		await page.getByText('port eth2 of br0').waitFor()
		return [...wrong, same(await page.getByRole('button', { name: 'Keep as a test' }).count(), 0)]
	}))

await check('what the analysis found stands beside the rule, and is searched', () =>
	with_page({}, async (page, url) => {
		await page.goto(url + '/#/rules')
		await page.locator('.rules [data-key="ping"]').getByText('partly shadowed').waitFor()
		await page.getByLabel('Search rules').fill('is:unused')
		await page.locator('.rules [data-key="old-vpn"]').getByText('unused').waitFor()
		return same(await page.locator('.rules [data-key]').count(), 1)
	}))

for (const [mode, how] of [['dark', { dark: true }], ['phone', { size: 'phone' }]]) {
	await check(`axe finds nothing on connections and explanations: ${mode}`, () => with_page(how, async (page, url) => {
		const wrong = []
		for (const name of ['states', 'explain?protocol=tcp&source=192.0.2.10&destination=203.0.113.10&port=443', 'dashboard']) {
			await page.goto(`${url}/#/${name}`)
			await page.locator('main h1').waitFor()
			await settle(page)
			await shoot(page, `${name.split('?')[0]}-${mode}`)
			wrong.push(...await check_axe(page, name), await overflow(page))
		}
		return wrong
	}))
}

await browser.close()
end()
