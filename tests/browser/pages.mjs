// SPDX-License-Identifier: GPL-3.0-or-later
// States that are hard to provoke on a real box, shown by the stand-in: a second factor, refusals of every kind, ten thousand rules, a lost stream,
// roles that may only look, a session that ends, high contrast. Also every flow by keyboard alone. [DIST=DIR] [SCREENSHOTS=DIR] node pages.mjs
import { make_box, say, serve } from './fixture.mjs'
import { check_axe, complaints_of, make_checks, open_page, overflow, settle, shoot, start_browser } from './look.mjs'

const { check, end } = make_checks()
const browser = await start_browser()

/** A box of its own for one test, a page that is signed in, and all complaints at the end. */
async function with_page(options, then) {
	const box = make_box(options.box)
	const { url, close } = await serve(box, { dist: process.env.DIST })
	const page = await open_page(browser, { url, ...options })
	page.expected.push(...options.expected ?? [])
	try {
		await page.goto(url)
		if (!options.outside) {
			await page.getByLabel('User name').fill(options.user ?? 'alice')
			await page.getByLabel('Password').fill('correct horse')
			await page.getByRole('button', { name: 'Sign in' }).click()
			await page.locator('.frame').waitFor()
		}
		return [await then(page, url, box), ...complaints_of(page)].flat()
	} finally {
		await page.context().close()
		close()
	}
}

const rule_row = (page, id) => page.locator(`.rules [data-key="${id}"]`)
const open_rules = async (page, url) => {
	await page.goto(url + '/#/rules')
	await rule_row(page, 'lan-out').waitFor()
}

await check('the second factor has a field of its own, a wrong code is told, a right one signs in', () =>
	with_page({ outside: true, box: { otp: '123456' }, expected: [/status of 401.*\/session\)/] }, async page => {
		await page.getByLabel('User name').fill('alice')
		await page.getByLabel('Password').fill('correct horse')
		await page.keyboard.press('Enter')
		const field = page.getByLabel('One-time code')
		await field.waitFor()
		if (await field.getAttribute('autocomplete') !== 'one-time-code' || !await field.evaluate(one => one === document.activeElement))
			return 'the field is not ready for the code'
		const wrong = await check_axe(page, 'second factor')
		await shoot(page, 'second-factor')
		await field.fill('000 000')
		await page.keyboard.press('Enter')
		await page.getByRole('alert').waitFor()
		await field.fill('123 456')
		await page.keyboard.press('Enter')
		await page.locator('.frame').waitFor()
		return wrong
	}))

await check('a claim names the field that is wrong', () =>
	with_page({ outside: true, box: { claim: 'abcd' }, expected: [/status of 401.*\/claim\)/] }, async page => {
		await page.getByLabel('Claim code').fill('zzzz')
		await page.getByLabel('Password', { exact: true }).fill('one')
		await page.getByLabel('Password again').fill('two')
		await page.keyboard.press('Enter')
		await page.getByText('The two passwords are not the same').waitFor()
		await page.getByLabel('Password again').fill('one')
		await page.keyboard.press('Enter')
		await page.locator('#field-code-error', { hasText: 'This is not the code on the console' }).waitFor()
		await shoot(page, 'claim-refused')
		return check_axe(page, 'claim')
	}))

await check('a form keeps what was typed, lists what is wrong, links to the field and gives it the focus', () =>
	with_page({ expected: [/status of 422/] }, async (page, url) => {
		await open_rules(page, url)
		await page.getByRole('button', { name: 'Add rule' }).click()
		const sheet = page.locator('dialog[open]')
		await sheet.getByRole('button', { name: 'Add rule' }).click()
		await sheet.getByRole('alert').getByText('Choose where the connection comes from').waitFor()
		await sheet.locator('#field-from').getByRole('checkbox', { name: 'lan', exact: true }).check()
		await sheet.locator('#field-to').getByRole('checkbox', { name: 'wan', exact: true }).check()
		await sheet.getByLabel('Name').fill('Not A Name')
		await sheet.getByLabel('Rate limit').fill('100')
		await sheet.getByRole('button', { name: 'Add rule' }).click()
		await sheet.getByRole('alert').getByText('2 things are not right yet').waitFor()
		await shoot(page, 'form-refused')
		const wrong = await check_axe(page, 'form with errors')
		await sheet.getByRole('alert').getByRole('button', { name: /needs a unit/ }).click()
		if (!await sheet.getByLabel('Rate limit').evaluate(one => one === document.activeElement))
			wrong.push('the link does not lead to the field')
		if (await sheet.getByLabel('Name').inputValue() !== 'Not A Name')
			wrong.push('what was typed is lost')
		return wrong
	}))

await check('whom the pending changes touch is told on demand, and searched', () =>
	with_page({}, async (page, url) => {
		await open_rules(page, url)
		await rule_row(page, 'ping').getByRole('switch').click()
		await page.locator('.bar-pending').waitFor()
		await page.goto(url + '/#/pending')
		await page.getByRole('button', { name: 'Look at the last day' }).click()
		const table = page.getByRole('table', { name: 'Whom it touches' })
		await table.getByText('203.0.113.10:8080').waitFor()
		const wrong = await check_axe(page, 'impact')
		await shoot(page, 'pending-impact')
		await page.getByRole('searchbox', { name: 'Search address, port or rule' }).fill('9090')
		await table.getByText('203.0.113.10:8080').waitFor({ state: 'detached' })
		await page.getByRole('radio', { name: 'Let in: 1' }).check({ force: true })
		await page.getByText('None is like that').waitFor()
		await page.getByRole('searchbox', { name: 'Search address, port or rule' }).fill('')
		await table.getByText('192.0.2.130:25').waitFor()
		return [...wrong, await overflow(page)]
	}))
await check('what validation refuses leads from the pending page into the rule', () =>
	with_page({ expected: [/status of 422/] }, async (page, url, box) => {
		await open_rules(page, url)
		await rule_row(page, 'ping').getByRole('switch').click()
		await page.locator('.bar-pending').waitFor()
		for (const home of box.workspaces.values())
			home.document.firewall.rules[1].to = ['dmx']
		await page.goto(url + '/#/pending')
		const link = page.getByRole('link', { name: 'there is no zone "dmx"' })
		await link.waitFor()
		await shoot(page, 'pending-refused')
		const wrong = await check_axe(page, 'refused changes')
		if (await page.getByRole('button', { name: 'Commit', exact: true }).isEnabled())
			wrong.push('it can be committed')
		await link.click()
		await page.getByRole('heading', { name: 'Rule web-in' }).waitFor()
		return wrong
	}))

await check('a difference is seen as commands and as rules of the kernel too: of the pending changes, and between revisions', () =>
	with_page({}, async (page, url) => {
		const text = page.locator('.diff-text')
		await open_rules(page, url)
		await rule_row(page, 'ping').getByRole('switch').click()
		await page.locator('.bar-pending').waitFor()
		await page.goto(url + '/#/pending')
		await page.getByRole('radio', { name: 'Commands' }).check()
		await text.getByText('set firewall rules ping enabled').waitFor()
		await page.getByRole('radio', { name: 'Kernel rules' }).check()
		await text.getByText('+ pair.lan.wan [ping] l4proto 6').waitFor()
		const wrong = [...await check_axe(page, 'rules of the kernel'), await overflow(page)]
		await shoot(page, 'pending-kernel')
		await page.goto(url + '/#/history')
		await page.getByRole('button', { name: 'What changed in revision 3' }).click()
		await page.getByRole('radio', { name: 'Commands' }).check()
		await text.getByText('set firewall rules scanners').waitFor()
		await page.getByRole('radio', { name: 'Kernel rules' }).check()
		await text.getByText('+ pair.lan.wan [scanners]').waitFor()
		await shoot(page, 'compare-kernel')
		return wrong
	}))

await check('of a revision all comes back, or the chosen ones of the sections that differ', () =>
	with_page({}, async (page, url, box) => {
		const dialog = page.locator('dialog[open]')
		const section = name => dialog.getByRole('checkbox', { name, exact: true })
		const home = () => [...box.workspaces.values()].at(-1)?.document
		await page.goto(url + '/#/history')
		await page.getByRole('button', { name: 'Restore revision 2' }).click()
		await section('system').waitFor()
		const wrong = [await section('management').count() && 'a section that does not differ is offered', !await section('firewall').isChecked() && 'not all are chosen', ...await check_axe(page, 'sections', 'dialog[open]')]
		await section('firewall').uncheck()
		await dialog.getByText('What runs, with the chosen sections').waitFor()
		await shoot(page, 'restore-sections')
		await dialog.getByRole('button', { name: 'Restore' }).click()
		await page.getByText('Of revision 2 in the pending changes: system').waitFor()
		wrong.push(home().system['time-zone'] !== 'UTC' && 'the section has not come', home().firewall.rules.length !== 8 && 'more has come than was chosen')
		await page.goto(url + '/#/history')
		await page.getByRole('button', { name: 'Restore revision 2' }).click()
		await dialog.getByText('1 change not yet in force would be lost.').waitFor()
		await section('system').waitFor()
		await shoot(page, 'restore-whole')
		await dialog.getByRole('button', { name: 'Replace by revision 2' }).click()
		await page.getByText('Revision 2 is in the pending changes').waitFor()
		wrong.push(home().firewall.rules.length !== 6 && 'not all of it has come')
		return wrong
	}))

await check('keys that are a letter or a sign alone are switched off, on every page and computer; those of the list go on', () =>
	with_page({}, async (page, url, box) => {
		const dialog = page.locator('dialog[open]')
		const focus = async () => {
			await page.keyboard.press('/')
			return page.evaluate(() => document.activeElement?.type === 'search')
		}
		await open_rules(page, url)
		await page.keyboard.press('?')
		await dialog.getByRole('heading', { name: 'Keys of this page' }).waitFor()
		await shoot(page, 'keys')
		const wrong = await check_axe(page, 'keys', 'dialog[open]')
		const kept = page.waitForResponse(answer => answer.request().method() === 'PATCH' && answer.url().endsWith('/users/me/preferences'))
		await dialog.getByRole('switch', { name: 'Single keys' }).uncheck()
		await dialog.getByText('n, N', { exact: true }).waitFor({ state: 'detached' })
		await kept
		await page.keyboard.press('Escape')
		await page.reload()
		await rule_row(page, 'ping').waitFor()
		wrong.push(await focus() && '/ still searches')
		for (const key of ['?', 'c', 'd', 'm', 'N', 'x']) {
			await rule_row(page, 'ping').focus()
			await page.keyboard.press(key)
		}
		wrong.push(await dialog.count() && 'a letter opened a dialog', box.workspaces.size && 'a letter made an edit', await page.locator('.bulk').count() && 'a letter chose a rule')
		await page.keyboard.press('Space')
		await page.locator('.bulk').waitFor()
		await page.keyboard.press('Escape')
		await rule_row(page, 'ping').getByRole('button', { name: 'More for ping' }).click()
		wrong.push(await page.getByRole('menu').locator('kbd', { hasText: /^[a-zA-Z]$/ }).count() && 'the menu names keys that do nothing')
		await page.keyboard.press('Escape')
		for (const name of ['topology', 'log']) {
			await page.goto(`${url}/#/${name}`)
			await page.locator('main h1').waitFor()
			if (name === 'log')
				await page.locator('.log [role=row][data-key]').first().focus()
			wrong.push(await focus() && `/ still searches in ${name}`)
		}
		await page.keyboard.press('w')
		wrong.push(page.url().includes('explain') && 'w still explains')
		await open_rules(page, url)
		await page.getByRole('button', { name: 'Keys of this page' }).click()
		await dialog.getByRole('switch', { name: 'Single keys' }).check()
		await page.keyboard.press('Escape')
		wrong.push(!await focus() && '/ does not search again')
		return wrong
	}))

await check('a commit that the kernel refuses says so and stays in the dialog', () =>
	with_page({ box: { refuse: [{ pointer: '/firewall/rules/ping', code: 'kernel-refused', text: 'the kernel refused rule "ping": no such object' }] }, expected: [/status of 502/] }, async (page, url) => {
		await open_rules(page, url)
		await rule_row(page, 'ping').getByRole('switch').click()
		await page.getByRole('link', { name: 'Review' }).click()
		await page.getByText('Valid: the appliance can do this').waitFor()
		await page.getByRole('button', { name: 'Commit', exact: true }).click()
		await page.locator('dialog[open]').getByRole('button', { name: 'Commit', exact: true }).click()
		await page.locator('dialog[open]').getByRole('alert').getByText('The box is back at the previous revision').waitFor()
		await shoot(page, 'commit-refused')
		return check_axe(page, 'refused commit')
	}))

await check('the live log says how many rows it was not told, and goes on when the firewall starts anew', () =>
	with_page({}, async (page, url, box) => {
		await page.goto(url + '/#/log')
		const skipped = text => page.locator('.tools-count', { hasText: text }).waitFor()
		await page.locator('.log [role=row][data-key]').nth(1).waitFor()
		await page.locator(`.log [role=row][data-key="${box.sequence + 1}"]`).waitFor()		// the stream has begun
		box.sequence += 7		// lost on the way
		await skipped(/ 7 skipped$/)
		say(box, 'gap', { topic: 'log', dropped: 2000 })
		box.sequence += 2000
		await skipped(/ 2,007 skipped$/)
		const before = box.sequence
		while (box.sequence < before + 2)
			await page.waitForTimeout(100)
		await skipped(/ 2,007 skipped$/)
		box.sequence = 0
		await page.locator('.log [role=row][data-key="1"]').waitFor()
		await skipped(/ 2,007 skipped$/)
	}))

await check('a change that needs a fresh code asks for it, and goes on', () =>
	with_page({ box: { stale: true }, expected: [/status of 403/, /status of 401/] }, async (page, url) => {
		await open_rules(page, url)
		await rule_row(page, 'ping').getByRole('switch').click()
		await page.getByRole('link', { name: 'Review' }).click()
		await page.getByText('Valid: the appliance can do this').waitFor()
		await page.getByRole('button', { name: 'Commit', exact: true }).click()
		await page.locator('dialog[open]').getByRole('button', { name: 'Commit', exact: true }).click()
		const ask = page.locator('dialog[open]', { hasText: 'One more code' })
		await ask.getByLabel('One-time code').fill('111111')
		await ask.getByRole('button', { name: 'Continue' }).click()
		await ask.getByText('the code is not right').waitFor()
		await shoot(page, 'step-up')
		const wrong = await check_axe(page, 'fresh code')
		await ask.getByLabel('One-time code').fill('123 456')
		await ask.getByRole('button', { name: 'Continue' }).click()
		await page.getByText('Revision 5').first().waitFor()
		return wrong
	}))

await check('before a commit the page tells the plan and whose session ends', () =>
	with_page({}, async (page, url) => {
		await open_rules(page, url)
		await rule_row(page, 'ping').getByRole('switch').click()
		await page.getByRole('link', { name: 'Review' }).click()
		await page.getByText('1 session will end').waitFor()
		await page.getByRole('radio', { name: 'Plan' }).check()
		await page.locator('.diff-new', { hasText: 'pair.lan.wan [new] counter | drop' }).waitFor()
		await page.getByRole('button', { name: 'Commit', exact: true }).click()
		const dialog = page.locator('dialog[open]')
		await dialog.getByText('bob').waitFor()
		await dialog.getByText('The whole plan').click()
		await dialog.locator('.diff-new', { hasText: 'set firewall rules new action drop' }).waitFor()
		await shoot(page, 'commit-plan')
		return check_axe(page, 'plan of a commit')
	}))

await check('a commit that another one overtook names what both changed', () =>
	with_page({ box: { overtaken: ['/firewall/rules/ping/enabled'] }, expected: [/status of 409/] }, async (page, url) => {
		await open_rules(page, url)
		await rule_row(page, 'ping').getByRole('switch').click()
		await page.getByRole('link', { name: 'Review' }).click()
		await page.getByText('Valid: the appliance can do this').waitFor()
		await page.getByRole('button', { name: 'Commit', exact: true }).click()
		await page.locator('dialog[open]').getByRole('button', { name: 'Commit', exact: true }).click()
		await page.locator('main').getByText('/firewall/rules/ping/enabled').first().waitFor()
	}))

await check('a rule that somebody changed meanwhile is not overwritten', () =>
	with_page({ expected: [/status of 412/] }, async (page, url, box) => {
		await open_rules(page, url)
		await rule_row(page, 'ping').getByRole('switch').click()
		await page.locator('.bar-pending').waitFor()
		await rule_row(page, 'web-in').getByRole('button', { name: 'web-in', exact: true }).click()
		await settle(page)
		for (const home of box.workspaces.values())
			home.document.firewall.rules[1].description = 'by another hand'
		await page.locator('dialog[open]').getByLabel('Description').fill('mine')
		await page.locator('dialog[open]').getByRole('button', { name: 'Save rule' }).click()
		await page.getByText('Somebody changed this rule meanwhile').waitFor()
		return [...box.workspaces.values()][0].document.firewall.rules[1].description === 'by another hand' ? '' : 'it was overwritten'
	}))

await check('a trial that nobody keeps ends by itself, and the page says so', () =>
	with_page({}, async (page, url, box) => {
		await open_rules(page, url)
		await rule_row(page, 'ping').getByRole('switch').click()
		await page.getByRole('link', { name: 'Review' }).click()
		await page.getByRole('button', { name: 'Commit', exact: true }).click()
		await page.locator('dialog[open]').getByRole('button', { name: 'Commit', exact: true }).click()
		await page.getByRole('button', { name: 'Keep' }).waitFor()
		for (const commit of box.commits.values())
			commit['confirm-deadline'] = new Date(Date.now() + 500).toISOString()
		await page.getByText('Revision 5 was taken back').waitFor()
		await shoot(page, 'taken-back')
		return check_axe(page, 'taken back')
	}))

/** From the answer that has the rules to the first rows, in ms as one waits for them and as the page worked for them; and how much longer than its
 *  own work anything takes in this page now, because the machine does other things too. */
async function first_rows(page) {
	const client = await page.context().newCDPSession(page)
	await client.send('Performance.enable', { timeDomain: 'threadTicks' })
	const worked = async () => (await client.send('Performance.getMetrics')).metrics.find(one => one.name === 'TaskDuration').value * 1000
	const before = await worked()
	const waited = await page.evaluate(() => new Promise(done => {
		location.hash = '#/rules'
		let answered = 0
		new PerformanceObserver(list => {
			for (const entry of list.getEntries())
				if (entry.name.endsWith('/configuration/firewall'))
					answered = entry.responseEnd
		}).observe({ type: 'resource', buffered: false })
		const look = () => answered && document.querySelector('.rules [data-key="lan-out"]') ? done(performance.now() - answered) : requestAnimationFrame(look)
		look()
	}))
	const work = await worked() - before
	const begun = await worked()
	const spun = await page.evaluate(() => {		// a quarter of a second of nothing but work
		const begin = performance.now()
		let sum = 0
		for (let i = 0; i < 1e8; i++)
			sum += i % 7
		return [performance.now() - begin, sum][0]
	})
	return { waited, work, stretch: Math.max(1, spun / Math.max(1, await worked() - begun)) }
}

await check('10,000 rules: first rows within 500 ms of the answer, every row reachable, few in the page', () =>
	with_page({ box: { rules: 10000 } }, async (page, url) => {
		let best = null
		for (let tries = 0; tries < 3 && (!best || best.waited / best.stretch > 500); tries++) {		// one may meet a moment in which the machine is away
			await page.goto(url + '/#/dashboard')
			await page.reload()
			await page.locator('.frame').waitFor()
			await page.waitForTimeout(500)
			const now = await first_rows(page)
			if (!best || now.waited / now.stretch < best.waited / best.stretch)
				best = now
		}
		await rule_row(page, 'lan-out').focus()
		await page.keyboard.press('End')
		await page.locator('.rules [aria-rowindex]').last().waitFor()
		await page.waitForTimeout(300)
		const last = await page.evaluate(() => document.activeElement?.getAttribute('data-key'))
		await page.getByLabel('Search rules').fill('198.18.39.15')
		await rule_row(page, 'host-9999').waitFor()
		const rows = await page.locator('.rules [data-key]').count()
		console.log(`    first rows ${Math.round(best.waited)} ms after the answer, ${Math.round(best.work)} ms of work from the press on; the machine was ${best.stretch.toFixed(1)} times as slow as its own work`)
		return [best.waited / best.stretch > 500 ? `${Math.round(best.waited)} ms, on a machine that is ${best.stretch.toFixed(1)} times slower` : '', last?.startsWith('generated') || last === 'host-9999' ? '' : `End leads to ${last}`, rows > 60 ? `${rows} rows in the page` : '']
	}))

await check('a lost stream is told and comes back', () =>
	with_page({ expected: [/ERR_|events/] }, async (page, _url, box) => {
		await page.waitForTimeout(1200)
		for (const stream of box.streams)
			stream.destroy()
		await page.getByText('Live data is interrupted').waitFor()
		await page.getByText('Live data is interrupted').waitFor({ state: 'detached', timeout: 15_000 })
	}))

await check('a session that has ended leads to the sign-in page', () =>
	with_page({ expected: [/status of 401/] }, async (page, url, box) => {
		box.sessions.clear()
		await page.goto(url + '/#/history')
		await page.getByRole('heading', { name: 'Sign in' }).waitFor()
	}))

await check('a role that may only look is offered no edit', () =>
	with_page({ box: { users: { eve: 'correct horse' } }, user: 'eve' }, async (page, url) => {
		await open_rules(page, url)
		const edits = await page.getByRole('button', { name: /Add rule|More for|Move / }).count() + await page.locator('.rules input:enabled').count()
		await rule_row(page, 'lan-out').focus()
		await page.keyboard.press('Delete')
		await page.keyboard.press('e')
		const opened = await page.locator('dialog[open]').count()
		await page.goto(url + '/#/history')
		await page.locator('.revision').first().waitFor()
		return [edits ? `${edits} ways to edit` : '', opened ? 'a key opened a dialog' : '', await page.getByRole('button', { name: /Restore/ }).count() ? 'restore is offered' : '']
	}))

await check('by keyboard alone: find a rule, clone, move, delete, commit, keep', () =>
	with_page({}, async (page, url, box) => {
		await open_rules(page, url)
		const press = async (...keys) => {
			for (const key of keys)
				await page.keyboard.press(key)
		}
		const active = () => page.evaluate(() => document.activeElement?.getAttribute('data-key'))
		await press('/')
		await page.keyboard.type('scanners')
		await page.locator('.tools-count', { hasText: '1 rule of' }).waitFor()
		await press('Control+A', 'Delete')
		for (let tabs = 0; tabs < 8 && await active() === null; tabs++)
			await press('Tab')
		await press('Home', 'ArrowDown', 'ArrowDown', 'c')
		await page.getByRole('heading', { name: 'New rule' }).waitFor()
		await press('Enter')
		await rule_row(page, 'web-in-2').waitFor()
		await page.waitForFunction(() => document.activeElement?.getAttribute('data-key') === 'web-in-2')
		await press('Alt+ArrowUp')
		await page.waitForFunction(() => document.querySelector('[data-key="web-in-2"] .cell-number')?.textContent === '2')
		await press('ArrowDown', 'Delete')
		await page.getByRole('heading', { name: 'Delete web-in?' }).waitFor()
		await press('Enter')
		await rule_row(page, 'web-in').waitFor({ state: 'detached' })
		await page.goto(url + '/#/pending')
		await page.getByRole('button', { name: 'Commit', exact: true, disabled: false }).focus()
		await press('Enter')
		await page.locator('dialog[open]').waitFor()
		await page.keyboard.type('by hand')
		await press('Enter')
		const keep = page.getByRole('button', { name: 'Keep' })
		await keep.waitFor()
		await keep.focus()
		await press('Enter')
		await page.getByText('Revision 5 is kept').waitFor()
		const ids = box.revisions.at(-1).document.firewall.rules.map(rule => rule.id)
		return ids[1] === 'web-in-2' && !ids.includes('web-in') && box.revisions.at(-1).comment === 'by hand' ? '' : ids.slice(0, 4).join()
	}))

await check('the menu of a rule opens where it can be seen, walks with arrows, and Escape gives the focus back', () =>
	with_page({}, async (page, url) => {
		await open_rules(page, url)
		const button = rule_row(page, 'ping').getByRole('button', { name: 'More for ping' })
		await button.click()
		const menu = page.getByRole('menu', { name: 'More for ping' })
		await menu.waitFor()
		await shoot(page, 'menu')
		const box = await menu.boundingBox()
		const wrong = await check_axe(page, 'menu')
		if (box.y < 0 || box.y + box.height > 900 || box.x + box.width > 1440)
			wrong.push('it leaves the window')
		await page.keyboard.press('ArrowDown')
		if (!(await page.evaluate(() => document.activeElement?.textContent))?.startsWith('Insert above'))
			wrong.push('the arrow does not walk')
		await page.keyboard.press('Escape')
		if (!await button.evaluate(one => one === document.activeElement))
			wrong.push('the focus is lost')
		return wrong
	}))

await check('which axe would find: a picture without words, a text that is too pale, a field without a name', () =>
	with_page({ expected: [/icon\.svg/] }, async page => {
		await page.evaluate(() => {
			const put = (name, about) => document.querySelector('main').append(Object.assign(document.createElement(name), about))
			put('img', { src: '/icon.svg' })
			put('p', { textContent: 'hardly to be read', className: 'pale' })
			put('input', {})
			const sheet = new CSSStyleSheet()
			sheet.replaceSync('.pale { color: #aaa; background: #bbb }')
			document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet]
		})
		const found = (await check_axe(page, 'planted')).map(text => text.split(' ')[1]).sort().join()
		return found === 'color-contrast,image-alt,label' ? '' : `it found ${found}`
	}))

await check('alarms are told by word, icon and colour', () =>
	with_page({ box: { alarms: [{ time: new Date().toISOString(), source: 'netd', object: 'address 192.0.2.1/25 on lan', class: 'critical', detail: 'it is used by another machine', action: 'reported' },
		{ source: 'fwd', class: 'warning', text: 'flow offload: the driver of eth1 cannot: the kernel does it' }] } }, async page => {
		await page.getByText('2 alarms').waitFor()
		await page.getByText('address 192.0.2.1/25 on lan').waitFor()
		await page.getByText('flow offload: the driver of eth1 cannot: the kernel does it').waitFor()
		await page.getByText('Warning, seen by fwd').waitFor()
		await shoot(page, 'alarms')
		return check_axe(page, 'alarms')
	}))

for (const [mode, how] of [['forced colours', { forced: true }], ['forced colours dark', { forced: true, dark: true }], ['reduced motion on a phone', { reduced: true, size: 'phone' }]]) {
	// The stand-in has neither configured.
	await check(`axe finds nothing on any page: ${mode}`, () => with_page({ ...how, expected: [/status of 404 .*\/configuration\/(users|management\/health-checks)\)/] }, async (page, url) => {
		const wrong = []
		for (const name of ['dashboard', 'rules', 'log', 'interfaces', 'topology', 'pending', 'history', 'system', 'backups', 'import', 'drift', 'secrets', 'people', 'account', 'audit', 'api?call=POST+%2Fbackups', 'gallery']) {
			await page.goto(`${url}/#/${name}`)
			await page.locator('main h1').waitFor()
			await settle(page)
			await shoot(page, `${name}-${mode.replaceAll(' ', '-')}`)
			const wide = await overflow(page)
			wrong.push(...await check_axe(page, name), wide && `${name} scrolls sideways: ${wide}`)
		}
		return wrong
	}))
}

for (const [mode, how] of [['light', {}], ['dark', { dark: true }], ['high contrast', { contrast: true }], ['forced colours', { forced: true }], ['reduced motion', { reduced: true }]]) {
	await check(`every part of the design in every state is accessible: ${mode}`, () => with_page(how, async (page, url) => {
		await page.goto(url + '/#/gallery')
		await page.getByRole('heading', { name: 'Gallery' }).waitFor()
		await shoot(page, `gallery-${mode.replaceAll(' ', '-')}`)
		const wrong = await check_axe(page, 'gallery')
		await page.getByRole('button', { name: 'Dialog', exact: true }).click()
		wrong.push(...await check_axe(page, 'gallery dialog'))
		await page.keyboard.press('Escape')
		await page.getByRole('button', { name: 'Actions', exact: true }).click()
		return [...wrong, ...await check_axe(page, 'gallery menu')]
	}))
}

await browser.close()
end()
