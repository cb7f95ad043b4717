// SPDX-License-Identifier: GPL-3.0-or-later
// The topology against the stand-in: the picture and its tables say the same, by keyboard alone, in every mode and width, with more zones than can be drawn
// together. What it shows of a real box is in links.mjs. DIST=DIR FORMS=FILE (as for settings.mjs) [SCREENSHOTS=DIR] node topology.mjs
import { readFileSync } from 'node:fs'
import { make_box, serve } from './fixture.mjs'
import { by_keyboard, check_axe, complaints_of, make_checks, open_page, overflow, settle, shoot, start_browser } from './look.mjs'

const { check, end } = make_checks()
const browser = await start_browser()

async function with_page(options, then) {
	const box = make_box({ schema: JSON.parse(readFileSync(process.env.FORMS, 'utf8')) })
	options.prepare?.(box)
	const { url, close } = await serve(box, { dist: process.env.DIST })
	const page = await open_page(browser, { url, ...options })
	try {
		await page.goto(`${url}/#/topology`)
		await page.getByLabel('User name').fill('alice')
		await page.getByLabel('Password').fill('correct horse')
		await page.getByRole('button', { name: 'Sign in' }).click()
		await page.locator('.topo > div > svg').waitFor()
		return [await then(page, url, box), ...complaints_of(page)].flat()
	} finally {
		await page.context().close()
		close()
	}
}

const same = (is, wanted) => JSON.stringify(is) === JSON.stringify(wanted) ? '' : `is ${JSON.stringify(is)}, wanted ${JSON.stringify(wanted)}`
const things = (page, kind) => page.locator(`.topo-${kind}`)
const names = async (page, kind) => things(page, kind).evaluateAll(all => all.map(one => one.getAttribute('aria-label')))
const tables = page => page.getByRole('radio', { name: 'Tables' }).check()
const rows = (page, name) => page.getByRole('table', { name }).locator('tbody tr').evaluateAll(all => all.map(row => [...row.children].map(cell => (cell.querySelector('.cell-value') ?? cell).innerText.trim())))

/** Nothing lies over something else, and all is within the picture. */
const placed = page => page.evaluate(() => {
	const all = [...document.querySelectorAll('.topo-thing .topo-box')].map(one => ({ id: one.parentElement.dataset.thing, box: one.getBoundingClientRect() }))
	const room = document.querySelector('.topo > div > svg').getBoundingClientRect()
	const wrong = all.filter(({ box }) => box.left < room.left - 0.5 || box.right > room.right + 0.5 || box.bottom > room.bottom + 0.5).map(one => `${one.id} leaves the picture`)
	all.forEach(({ id, box }, at) => all.slice(at + 1).forEach(other => {
		if (box.left < other.box.right - 1 && other.box.left < box.right - 1 && box.top < other.box.bottom - 1 && other.box.top < box.bottom - 1)
			wrong.push(`${id} lies over ${other.id}`)
	}))
	for (const text of document.querySelectorAll('.topo-thing text')) {
		const [own, box] = [text.getBoundingClientRect(), text.closest('.topo-thing').querySelector('.topo-box').getBoundingClientRect()]
		if (own.left < box.left - 1 || own.right > box.right + 1)
			wrong.push(`"${text.textContent}" leaves its box by ${Math.round(Math.max(box.left - own.left, own.right - box.right))} px`)
	}
	return wrong.slice(0, 5)
})

await check('the picture shows zones, interfaces, networks, routers and whom each zone reaches; the tables say the same', () => with_page({}, async page => {
	const [areas, ports, nets, gates, reaches] = await Promise.all(['area', 'port', 'net', 'gate', 'reach'].map(kind => names(page, kind)))
	await shoot(page, 'topology-light')
	const drawn = await page.locator('.topo-way').count()
	await tables(page)
	const links = await rows(page, 'Interfaces, networks and routers')
	const pairs = await rows(page, 'Who reaches whom')
	await shoot(page, 'topology-table')
	const told = pairs.map(([from, to, what]) => `From ${from === 'edge1, this box' ? 'this box' : from} to ${to}: ${what.replace(/\s+/g, ' ')}`.trim())
	return [same(areas, ['Zone wan', 'Zone lan', 'Zone dmz', 'Zone guest', 'edge1, this box']), same(ports.length, 4), same(drawn, reaches.length),
		same(nets.map(name => name.split(' ')[1]), links.flatMap(row => row[4].split('\n')).filter(text => text !== 'none')),
		same(gates.map(name => name.split(' ')[1]), links.flatMap(row => [...row[5].matchAll(/^\S+/gm)].map(found => found[0])).filter(text => text !== 'none')),
		same(reaches.map(text => text.trim()), told), same(links.map(row => row.slice(0, 3)), [['wan', 'wan', 'up'], ['lan', 'lan', 'up'], ['dmz', 'dmz', 'up'], ['guest', 'guest', 'no carrier']])]
}))

await check('by keyboard alone: one stop for all of it, arrows from thing to thing, Enter opens, the search leads there', () => with_page({}, async (page, url) => {
	page.expected.push(/status of 404 .*\/configuration\/(interfaces|routing\/static)\//)		// the stand-in has no interfaces in its configuration
	const { focused, tab_to, press } = by_keyboard(page)
	const wrong = []
	await page.keyboard.press('/')
	await page.keyboard.type('dmz web')
	await page.keyboard.press('Enter')
	wrong.push(same(await focused(), 'From wan to dmz: some web, ping'), same(await page.locator('.topo-found').count(), 1))
	for (const [key, then] of [['Home', /^Zone wan/], ['ArrowDown', /^Interface wan/], ['ArrowRight', /^Network 198\.51\.100\.0\/24/], ['ArrowRight', /^Router 198\.51\.100\.1 /], ['ArrowDown', /^Router 2001:db8:51::1 /],
		['ArrowLeft', /^Network 2001:db8:51::\/64/], ['ArrowLeft', /^Interface wan/], ['ArrowDown', /^(Zone lan|From lan)/], ['End', /^From this box to guest/]]) {
		await page.keyboard.press(key)
		wrong.push(then.test(await focused()) ? '' : `${key} leads to "${await focused()}", not to ${then}`)
	}
	await page.keyboard.press('Tab')
	wrong.push(await page.evaluate(() => document.activeElement.closest('.topo') ? 'Tab stays in the picture' : ''))
	await tab_to(/^From this box to guest/, 'Shift+Tab')
	for (const [wish, hash, then] of [['lan dmz', '#/rules?filter=pair%3Alan%3Edmz', '.rules [data-key="lan-out"]'], ['Network 192.0.2.0/25', '#/states?filter=192.0.2.0%2F25', 'main h1'], ['Router 198.51.100.1', '#/settings/routing/static?edit=default-v4', 'main'], ['Interface dmz', '#/settings/interfaces?edit=dmz', 'main']]) {
		await page.goto(`${url}/#/topology`)
		await page.locator('.topo > div > svg').waitFor()
		await page.keyboard.press('/')
		await page.keyboard.press('Control+a')
		await page.keyboard.type(wish)
		await page.keyboard.press('Enter')
		await page.keyboard.press('Enter')
		await page.waitForFunction(wanted => location.hash === wanted, hash, { timeout: 5000 }).catch(async () => wrong.push(`${wish} leads to ${await page.evaluate(() => location.hash)}`))
		await page.locator(then).first().waitFor()
	}
	await page.goto(`${url}/#/topology`)
	await page.locator('.topo > div > svg').waitFor()
	await press(/^Zone lan|^Zone wan/)
	await page.waitForFunction(() => location.hash.startsWith('#/settings/firewall/zones?edit='))
	return wrong
}))

await check('it follows the event stream: a carrier that goes, and rates, without being asked for', () => with_page({}, async (page, _url, box) => {
	await page.waitForFunction(() => /[1-9]/.test(document.querySelector('[data-thing="wan/wan"] .topo-number')?.textContent ?? ''))
	const before = await page.locator('[data-thing="wan/wan"] .topo-number').first().textContent()
	box.links.get('lan').up = false
	await page.locator('[data-thing="lan/lan"]').getByText('no carrier').waitFor()
	await page.locator('.topo-wire-down').nth(1).waitFor()
	await page.waitForFunction(was => document.querySelector('[data-thing="wan/wan"] .topo-number').textContent !== was, before)
	box.links.get('lan').up = true
	await page.locator('[data-thing="lan/lan"]').getByText('up', { exact: true }).waitFor()
}))

for (const [mode, how] of [['light', {}], ['dark', { dark: true }], ['high contrast', { contrast: true }], ['forced colours', { forced: true }], ['reduced motion', { reduced: true }], ['phone', { size: 'phone' }], ['tablet', { size: 'tablet' }], ['huge', { size: 'huge' }]]) {
	await check(`axe finds nothing, nothing overlaps and nothing overflows: ${mode}`, () => with_page(how, async page => {
		await page.locator('.topo-reach').first().focus()
		await settle(page)
		await shoot(page, `topology-${mode.replace(' ', '-')}`)
		const wrong = [...await check_axe(page, 'picture'), await overflow(page), ...await placed(page)]
		await tables(page)
		await settle(page)
		return [...wrong, ...await check_axe(page, 'tables'), await overflow(page)]
	}))
}

await check('from right to left it is the mirror image', () => with_page({}, async page => {
	await page.evaluate(() => { document.documentElement.dir = 'rtl' })
	await page.waitForFunction(() => document.querySelector('[data-thing="wan/wan"] .topo-box').getBoundingClientRect().left > document.querySelector('[data-kind="net"] .topo-box').getBoundingClientRect().left)
	await shoot(page, 'topology-rtl')
	return placed(page)
}))

/** Thirty zones that may all reach each other, one with names as long as they may be. */
function many(box) {
	const { firewall } = box.revisions.at(-1).document
	for (let at = 0; at < 30; at++) {
		const name = at ? `branch-${at}` : `a-very-long-name-of-a-zone-${'x'.repeat(34)}`
		firewall.zones.push({ name, interfaces: [name] })
		box.links.set(name, { name, kernel: `eth${at + 4}`, description: 'Somewhere '.repeat(at ? 1 : 9), rate: [1e5, 1e5], rx: 0, tx: 0, up: true })
	}
	firewall.rules.push({ id: 'all', from: ['any'], to: ['any'], action: 'accept' })
}

for (const size of ['wide', 'phone']) {
	await check(`thirty-four zones that all reach each other are drawn, and the ways of one at a time: ${size}`, () => with_page({ size, prepare: many }, async page => {
		await page.getByText('There are too many ways').waitFor()
		await page.mouse.move(0, 0)
		const wrong = [...await placed(page), await overflow(page), same(await page.locator('.topo-way').count(), 0)]
		await page.locator('[data-thing="zone branch-7"]').focus()
		await page.locator('.topo-way').first().waitFor()
		const begin = Date.now()
		for (let at = 0; at < 20; at++)
			await page.keyboard.press('ArrowDown')
		const each = (Date.now() - begin) / 20
		await shoot(page, `topology-many-${size}`)
		return [...wrong, ...await check_axe(page, 'many'), each > 250 ? `a key takes ${each} ms` : '']
	}))
}

await browser.close()
end()
