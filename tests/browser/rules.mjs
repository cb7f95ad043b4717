// SPDX-License-Identifier: GPL-3.0-or-later
// The rules page and what hangs on it, against the stand-in: dragging, choosing, edits of many rules, edits in place, the search, pairs of zones,
// and one event stream for all tabs. [DIST=DIR] [SCREENSHOTS=DIR] node rules.mjs
import { make_box, serve } from './fixture.mjs'
import { check_axe, complaints_of, make_checks, open_page, overflow, PATIENCE, settle, shoot, start_browser } from './look.mjs'

const { check, end } = make_checks()
const browser = await start_browser()

async function with_page(options, then) {
	const box = make_box(options.box)
	const { url, close } = await serve(box, { dist: process.env.DIST })
	const page = await open_page(browser, { url, ...options })
	try {
		await page.goto(url)
		await page.getByLabel('User name').fill(options.user ?? 'alice')
		await page.getByLabel('Password').fill('correct horse')
		await page.getByRole('button', { name: 'Sign in' }).click()
		await page.locator('.frame').waitFor()
		if (!options.elsewhere) {
			await page.goto(url + '/#/rules')
			await row(page, 'lan-out').waitFor()
		}
		return [await then(page, box, url), ...complaints_of(page)].flat()
	} finally {
		await page.context().close()
		close()
	}
}

const row = (page, id) => page.locator(`.rules [data-key="${id}"]`)
const candidate = box => [...box.workspaces.values()].at(-1)?.document.firewall.rules ?? []
const ids = box => candidate(box).map(rule => rule.id)
const rule_of = (box, id) => candidate(box).find(rule => rule.id === id)
const same = (is, wanted) => JSON.stringify(is) === JSON.stringify(wanted) ? '' : `is ${JSON.stringify(is)}, wanted ${JSON.stringify(wanted)}`
/** Waits until the stand-in has it: edits are shown before they are answered. */
async function until(what, test) {
	for (const begin = Date.now(); Date.now() < begin + PATIENCE;) {
		if (await test())
			return ''
		await new Promise(wake => setTimeout(wake, 50))
	}
	return `never: ${what}`
}
const numbers = page => page.locator('.rules .cell-name .rule-open').allTextContents()
const choose = (page, id, modifiers = []) => row(page, id).getByRole('checkbox').click({ modifiers })
const bulk = page => page.getByRole('toolbar', { name: /What to do/ })

/** Where an element stands once it stands still: the bars that come with the first edit and with a choice move the list down. */
async function place(page, locator) {
	await settle(page)
	for (let before = await locator.boundingBox(); ;) {
		await page.waitForTimeout(100)
		const now = await locator.boundingBox()
		if (same(now, before) === '')
			return now
		before = now
	}
}

async function drag(page, id, to, { below = false, cancel = false, touch = false } = {}) {
	const from = await place(page, row(page, id).locator('.grip'))
	const over = await row(page, to).boundingBox()
	const y = over.y + (below ? over.height - 5 : 5)
	if (touch) {
		const client = await page.context().newCDPSession(page)
		const point = (x, at) => [{ x, y: at, id: 1 }]
		await client.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: point(from.x + 8, from.y + 12) })
		for (let step = 1; step <= 6; step++)
			await client.send('Input.dispatchTouchEvent', { type: 'touchMove', touchPoints: point(from.x + 8 + step, from.y + 12 + (y - from.y - 12) * step / 6) })
		await page.locator('.drop-line').waitFor()
		await client.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] })
		return
	}
	await page.mouse.move(from.x + from.width / 2, from.y + from.height / 2)
	await page.mouse.down()
	await page.mouse.move(from.x + 30, from.y + 30, { steps: 3 })
	await page.mouse.move(over.x + 120, y, { steps: 6 })
	await page.locator('.drop-line').waitFor()
	if (cancel)
		await page.keyboard.press('Escape')
	await page.mouse.up()
}

await check('a rule is dragged with the mouse; Escape on the way leaves it where it was', () =>
	with_page({}, async (page, box) => {
		await drag(page, 'scanners', 'web-in', { cancel: true })
		await settle(page)
		const untouched = box.workspaces.size === 0 ? '' : 'a drag that was given up made an edit'
		await drag(page, 'scanners', 'web-in')
		const wrong = [untouched, await until('scanners second', () => ids(box)[1] === 'scanners'), same((await numbers(page)).slice(0, 3), ['lan-out', 'scanners', 'web-in'])]
		await page.getByText('scanners is now number 2 of 8').waitFor({ state: 'attached' })
		await drag(page, 'lan-out', 'ping', { below: true })
		wrong.push(await until('lan-out last', () => ids(box).at(-1) === 'lan-out'))
		return wrong
	}))

await check('a rule is dragged with a finger on a phone', () =>
	with_page({ size: 'phone' }, async (page, box) => {
		await drag(page, 'web-in', 'lan-out', { touch: true })
		return until('web-in first', () => ids(box)[0] === 'web-in')
	}))

await check('a drag scrolls: from the top of 400 rules to one far below', () =>
	with_page({ box: { rules: 400 } }, async (page, box) => {
		const from = await place(page, row(page, 'lan-out').locator('.grip'))
		const grid = await page.locator('.rules').boundingBox()
		await page.mouse.move(from.x + 8, from.y + 12)
		await page.mouse.down()
		await page.mouse.move(grid.x + 300, grid.y + grid.height - 6, { steps: 8 })
		await page.waitForFunction(() => document.querySelector('.rules').scrollTop > 900)
		await page.mouse.move(grid.x + 300, grid.y + grid.height / 2, { steps: 3 })
		await page.mouse.up()
		const wrong = [await until('lan-out moved', () => ids(box).indexOf('lan-out') > 15)]
		wrong.push(await page.evaluate(() => document.activeElement?.getAttribute('data-key')) === 'lan-out' ? '' : 'the rule that was dragged lost the focus')
		return wrong
	}))

await check('several rules are chosen with Shift and Ctrl, and move as a block: by drag, by key, to a number', () =>
	with_page({}, async (page, box) => {
		await choose(page, 'web-in')
		await choose(page, 'admins-manage', ['Shift'])
		await row(page, 'scanners').locator('.cell-service').click({ modifiers: ['Control'] })
		await bulk(page).getByText('4 chosen').waitFor()
		const wrong = [...await check_axe(page, 'rules chosen'), same(await page.locator('.rules [aria-selected=true]').count(), 4)]
		await shoot(page, 'rules-chosen')
		await drag(page, 'dmz-updates', 'ping', { below: true })
		wrong.push(await until('a block at the end', () => ids(box).slice(-4).join() === 'web-in,dmz-updates,admins-manage,scanners'))
		await row(page, 'web-in').focus()
		await page.keyboard.press('Alt+ArrowUp')
		await page.keyboard.press('Alt+ArrowUp')
		await page.getByText('4 rules are now numbers 3 to 6 of 8').waitFor({ state: 'attached' })
		wrong.push(await until('the block two up', () => ids(box).slice(2, 6).join() === 'web-in,dmz-updates,admins-manage,scanners'))
		await bulk(page).getByRole('button', { name: 'Move to …' }).click()
		await page.locator('dialog[open]').getByLabel('To number').fill('99')
		await page.locator('dialog[open]').getByText('A number from 1 to 8').waitFor()
		await page.locator('dialog[open]').getByLabel('To number').fill('1')
		await page.keyboard.press('Enter')
		wrong.push(await until('the block on top', () => ids(box).slice(0, 4).join() === 'web-in,dmz-updates,admins-manage,scanners'))
		return wrong
	}))

await check('all at once: disable, log, tag, clone, delete; each is one edit, and has a way back', () =>
	with_page({}, async (page, box) => {
		const wrong = []
		await row(page, 'web-in').focus()
		await page.keyboard.press('Space')
		await page.keyboard.press('ArrowDown')
		await page.keyboard.press('Shift+Space')
		await bulk(page).getByText('2 chosen').waitFor()
		await bulk(page).getByRole('button', { name: 'Disable' }).click()
		wrong.push(await until('both disabled', () => rule_of(box, 'web-in')?.enabled === false && rule_of(box, 'dmz-updates')?.enabled === false))
		await page.getByText('2 rules are disabled').waitFor()
		await page.getByRole('button', { name: 'Undo' }).last().click()
		wrong.push(await until('both enabled again', () => rule_of(box, 'web-in')?.enabled !== false && rule_of(box, 'dmz-updates')?.enabled !== false))
		await bulk(page).getByRole('button', { name: 'More for the chosen rules' }).click()
		await page.getByRole('menuitem', { name: 'Log their connections' }).click()
		wrong.push(await until('both logged', () => rule_of(box, 'web-in')?.log && rule_of(box, 'dmz-updates')?.log))
		await bulk(page).getByRole('button', { name: 'Tag' }).click()
		await page.locator('dialog[open]').getByLabel('Add').fill('Shop')
		await page.locator('dialog[open]').getByText('is no tag').waitFor()
		await page.locator('dialog[open]').getByLabel('Add').fill('shop ticket-7')
		wrong.push(...await check_axe(page, 'tags'))
		await page.keyboard.press('Enter')
		wrong.push(await until('both tagged', () => same(rule_of(box, 'dmz-updates')?.tags, ['shop', 'ticket-7']) === ''))
		await bulk(page).getByRole('button', { name: 'Clone' }).click()
		await row(page, 'web-in-2').waitFor()
		wrong.push(await until('copies below the block', () => ids(box).slice(1, 5).join() === 'web-in,dmz-updates,web-in-2,dmz-updates-2'))
		await bulk(page).getByText('2 chosen').waitFor()
		await bulk(page).getByRole('button', { name: 'Delete' }).click()
		await page.locator('dialog[open]').getByRole('heading', { name: 'Delete 2 rules?' }).waitFor()
		await page.keyboard.press('Enter')
		wrong.push(await until('the copies gone', () => ids(box).length === 8))
		await page.getByText('2 rules are deleted').waitFor()
		await page.getByRole('button', { name: 'Undo' }).last().click()
		wrong.push(await until('they are back where they were', () => ids(box).slice(1, 5).join() === 'web-in,dmz-updates,web-in-2,dmz-updates-2'))
		return wrong
	}))

await check('a description and an action are changed in their place', () =>
	with_page({}, async (page, box) => {
		await row(page, 'web-in').locator('.rule-about').click()
		const field = page.getByLabel('Description of web-in')
		await field.fill('not this')
		await field.press('Escape')
		await row(page, 'web-in').focus()
		await page.keyboard.press('F2')
		await field.fill('The shop <b>alone</b>')
		await shoot(page, 'rules-inline')
		await field.press('Enter')
		const wrong = [await until('described', () => rule_of(box, 'web-in')?.description === 'The shop <b>alone</b>')]
		wrong.push(await page.evaluate(() => document.activeElement?.getAttribute('data-key')) === 'web-in' ? '' : 'the focus is lost')
		await row(page, 'web-in').getByRole('button', { name: 'Action of web-in: accept' }).click()
		await page.getByRole('menuitem', { name: 'drop' }).click()
		wrong.push(await until('it drops', () => rule_of(box, 'web-in')?.action === 'drop'))
		await row(page, 'web-in').locator('.badge', { hasText: 'drop' }).waitFor()
		return wrong
	}))

await check('a rule is inserted above and below another one', () =>
	with_page({}, async (page, box) => {
		const wrong = []
		for (const [key, name, at] of [['N', 'above', 4], ['n', 'below', 6]]) {
			await row(page, 'guests-quiet').focus()
			await page.keyboard.press(key)
			await page.locator('dialog[open]').getByLabel('Name').fill(name)
			await page.locator('dialog[open]').getByRole('button', { name: 'Add rule' }).click()
			await row(page, name).waitFor()
			wrong.push(await until(`${name} at ${at}`, () => ids(box)[at] === name))
		}
		return wrong
	}))

await check('the search knows fields, alternatives, negation, numbers, states and pairs; its help can be tried', () =>
	with_page({}, async page => {
		const wrong = []
		const field = page.getByLabel('Search rules')
		for (const [text, wanted] of [['action:drop -from:any', ['scanners']], ['service:ping|wireguard', ['old-vpn', 'ping']], ['is:disabled', ['old-vpn']], ['to=dmz', ['lan-out', 'web-in', 'guests-quiet']],
			['"internet only"', ['guests-quiet']], ['pair:wan>dmz', ['web-in', 'scanners', 'ping']], ['hits>1500k from:wan', ['web-in']], ['is:logged source:admins', ['admins-manage']], ['203.0.113.7', ['old-vpn']]]) {
			await field.fill(text)
			let found
			const never = await until(text, async () => same(found = await numbers(page), wanted) === '')
			wrong.push(never && `${text} ${same(found, wanted)}`)
		}
		await page.getByRole('button', { name: 'How to search' }).click()
		wrong.push(...await check_axe(page, 'search help'))
		await shoot(page, 'rules-help')
		await page.getByRole('button', { name: 'pair:lan>wan' }).click()
		wrong.push(same(await field.inputValue(), 'pair:lan>wan'))
		return wrong
	}))

await check('hits are those of all time: over a change of the kernel\'s counter, searched by how many and by when, and told in full where the rule is opened', () =>
	with_page({}, async (page, box) => {
		const title = id => row(page, id).locator('.counter').getAttribute('title')
		const field = page.getByLabel('Search rules')
		const wrong = [same(await row(page, 'dmz-updates').locator('.counter-words').textContent(), '0 pktnever'), same(await row(page, 'ping').locator('.counter-words').textContent(), '2.00k pkt95 d ago'),
			!/^2,000 packets, 1.34 MiB\ncounted since .+\nfirst .+\nlast .+, 95 d ago$/.test(await title('ping')) && await title('ping'), !/^Never hit\ncounted since .+$/.test(await title('dmz-updates')) && await title('dmz-updates')]
		for (const [text, wanted] of [['hits=0', ['dmz-updates']], ['hits>0 last>90d', ['ping']], ['last>90d', ['dmz-updates', 'ping']], ['last<96d -last<94d hits>0', ['ping']], ['first<7d hits>0', ['web-in', 'admins-manage', 'guests-quiet', 'scanners']],
			['since>200d', []], ['since>14w -first<7d', ['lan-out', 'dmz-updates', 'ping']], ['last<1h from:lan', ['lan-out', 'admins-manage']]]) {
			await field.fill(text)
			let found
			const never = await until(text, async () => same(found = await numbers(page), wanted) === '')
			wrong.push(never && `${text} ${same(found, wanted)}`)
		}
		// The kernel counts anew, as after a commit that changes the rule; the page has not asked again.
		await field.fill('')
		const all = async () => Number((await title('lan-out')).match(/^[\d,]+/)[0].replaceAll(',', ''))
		const before = await all()
		box.counters.set('lan-out', { packets: 1, bytes: 60 })
		wrong.push(await until('lan-out goes on', async () => await all() > before))
		await page.waitForTimeout(1100)
		wrong.push(await all() > before + 20_000 && `${await all()} hits, ${before} before`)
		await row(page, 'ping').locator('.rule-open').click()
		await page.locator('dialog[open]').getByText(/^2,000 packets, 1.34 MiB · counted since .+ · first .+ · last .+, 95 d ago$/).waitFor()
		await shoot(page, 'rule-evidence')
		return [...wrong, ...await check_axe(page, 'evidence', 'dialog[open]')]
	}))

await check('pairs of zones tell verdict and number of rules, lead to their rules, and make new ones', () =>
	with_page({}, async (page, box) => {
		await page.getByRole('radio', { name: 'Zones' }).check()
		await page.getByRole('button', { name: 'From lan to wan: open, 2 rules. Show them' }).waitFor()
		await page.getByRole('button', { name: 'From guest to lan: refused, 2 rules. Show them' }).waitFor()
		const wrong = await check_axe(page, 'pairs of zones')
		await shoot(page, 'rules-zones')
		await page.getByRole('button', { name: 'Add a rule from guest to wan' }).click()
		await page.locator('dialog[open]').getByLabel('Name').fill('guests-out')
		await page.locator('dialog[open]').getByRole('button', { name: 'Add rule' }).click()
		await page.getByRole('button', { name: 'From guest to wan: open, 2 rules. Show them' }).waitFor()
		wrong.push(await until('guest to wan', () => same([rule_of(box, 'guests-out')?.from, rule_of(box, 'guests-out')?.to], [['guest'], ['wan']]) === ''))
		await page.getByRole('button', { name: 'From wan to dmz: some, 3 rules. Show them' }).click()
		await row(page, 'web-in').waitFor()
		wrong.push(same(await numbers(page), ['web-in', 'scanners', 'ping']))
		return wrong
	}))

await check('of many tabs one holds the event stream, all see its events; a hidden one lets go, a closed one is followed', () =>
	with_page({ elsewhere: true }, async (page, box, url) => {
		const other = await page.context().newPage()
		await other.goto(url + '/#/rules')
		await row(other, 'lan-out').waitFor()
		await page.goto(url + '/#/rules')
		await row(page, 'lan-out').waitFor()
		const wrong = []
		await other.waitForTimeout(1500)
		wrong.push(same(box.streams.size, 1))
		for (const tab of [page, other])
			await tab.waitForFunction(() => document.querySelector('.counter-live'))
		const hide = (tab, hidden) => tab.evaluate(how => {
			Object.defineProperty(document, 'hidden', { configurable: true, get: () => how })
			document.dispatchEvent(new Event('visibilitychange'))
		}, hidden)
		await hide(page, true)
		await hide(other, true)
		wrong.push(await until('no stream while nobody looks', () => box.streams.size === 0))
		await hide(other, false)
		wrong.push(await until('a stream again', () => box.streams.size === 1))
		await hide(page, false)
		await page.waitForTimeout(400)
		wrong.push(same(box.streams.size, 1))
		await other.close()
		wrong.push(await until('the other tab takes over', () => box.streams.size === 1))
		const before = await page.locator('.rules').textContent()
		await page.waitForFunction(was => document.querySelector('.rules')?.textContent !== was, before)
		return wrong
	}))

await check('who may only look can choose nothing and drag nothing', () =>
	with_page({ box: { users: { eve: 'correct horse' } }, user: 'eve' }, async page => {
		await row(page, 'lan-out').focus()
		await page.keyboard.press('Space')
		await page.keyboard.press('Control+a')
		await page.keyboard.press('Alt+ArrowDown')
		return [await page.locator('.rules .grip, .rules [type=checkbox]:enabled, .bulk, .action-menu').count() ? 'there is a way to edit' : '', same((await page.locator('.rules .rule-id b').allTextContents())[1], 'lan-out')]
	}))

for (const [mode, how] of [['dark', { dark: true }], ['phone', { size: 'phone' }], ['forced colours', { forced: true }]]) {
	await check(`axe finds nothing in the list with chosen rules and in the pairs of zones: ${mode}`, () => with_page(how, async page => {
		await choose(page, 'web-in')
		await bulk(page).waitFor()
		const wrong = [...await check_axe(page, 'chosen'), await overflow(page)]
		await shoot(page, `rules-chosen-${mode.replace(' ', '-')}`)
		await page.getByRole('radio', { name: 'Zones' }).check()
		await page.locator('.matrix').waitFor()
		await shoot(page, `rules-zones-${mode.replace(' ', '-')}`)
		return [...wrong, ...await check_axe(page, 'zones'), await overflow(page)]
	}))
}

await browser.close()
end()
