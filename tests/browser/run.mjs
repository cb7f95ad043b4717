// SPDX-License-Identifier: GPL-3.0-or-later
// The web admin from end to end against a running appliance:
//   BASE_URL=https://127.0.0.1:8443 CLAIM_CODE=... [SCREENSHOTS=DIR] [LOG_TRAFFIC='command that makes one logged packet'] node run.mjs
// Claims the box (or signs in when USER_NAME and PASSWORD are given and it is claimed), edits a rule, looks at the diff, commits on trial, keeps,
// goes back once, sees counters and log move, compares and restores. Every page is judged by axe in light, dark and at 360 px; a console error,
// a broken policy, a request to another host or a page that scrolls sideways is a failure. Prints one line for each check; exit status 0 or 1.
import { execSync } from 'node:child_process'
import { check_axe, complaints_of, make_checks, open_page, overflow, shoot, start_browser } from './look.mjs'

const url = (process.env.BASE_URL ?? '').replace(/\/$/, '')
const code = process.env.CLAIM_CODE ?? ''
const user = process.env.USER_NAME ?? 'admin'
const password = process.env.PASSWORD ?? 'a sentence is a good password 7'
const traffic = process.env.LOG_TRAFFIC ?? ''
const rule = `browser-${Date.now().toString(36)}`
if (!url) {
	console.error('BASE_URL is missing')
	process.exit(2)
}

const { check, end } = make_checks()
const browser = await start_browser()
const page = await open_page(browser, { url })
page.setDefaultTimeout(8000)
const path = name => `${url}/#/${name}`
const go = name => page.goto(path(name)).then(() => page.locator('main h1').waitFor())
const row = id => page.locator(`.rules [data-key="${id}"]`)
const dialog = () => page.locator('dialog[open]')
const bar = () => page.locator('.bar')

/** The API as the page itself uses it, for the judge's own questions. */
const api = (method, where, body) => page.evaluate(async ([how, at, what]) => {
	const session = await (await fetch('/api/v1/session')).json()
	const response = await fetch('/api/v1' + at, { method: how, headers: { 'Content-Type': 'application/json', 'Patronus-CSRF': session.csrf }, body: what ? JSON.stringify(what) : undefined })
	return { status: response.status, body: response.headers.get('Content-Type')?.includes('json') ? await response.json() : null }
}, [method, where, body])
const running_rule = async id => (await api('GET', `/configuration/firewall/rules`)).body.find?.(one => one.id === id)
const revision = async () => (await api('GET', '/status')).body.revision

async function enter() {
	await page.goto(url)
	await page.locator('.gate h1').waitFor()
	await shoot(page, 'signin')
	if (await page.getByRole('heading', { name: 'Claim this appliance' }).count()) {
		await page.getByLabel('Claim code').fill(code)
		await page.getByLabel('User name').fill(user)
		await page.getByLabel('Your name').fill('Browser Test')
		await page.getByLabel('Password', { exact: true }).fill(password)
		await page.getByLabel('Password again').fill(password)
		await page.getByRole('button', { name: 'Become its administrator' }).click()
	} else {
		await sign_in()
	}
	await page.locator('.frame').waitFor()
}

async function sign_in() {
	await page.getByLabel('User name').fill(user)
	await page.getByLabel('Password').fill(password)
	await page.getByRole('button', { name: 'Sign in' }).click()
	await page.locator('.frame').waitFor()
}

async function commit(comment, seconds = '60') {
	await go('pending')
	await page.getByText('Valid: the appliance can do this').waitFor()
	await page.getByRole('button', { name: 'Commit', exact: true }).click()
	await dialog().getByLabel('Comment').fill(comment)
	await dialog().getByLabel('Time to answer').selectOption(seconds)
	await shoot(page, 'commit')
	await dialog().getByRole('button', { name: 'Commit', exact: true }).click()
	await bar().getByRole('button', { name: 'Keep' }).waitFor()
}

await check('the box is claimed, or the administrator signs in', enter)
await check('sign out, refuse a wrong password, sign in again', async () => {
	await page.getByRole('button', { name: 'Sign out' }).click()
	await page.getByRole('heading', { name: 'Sign in' }).waitFor()
	page.expected.push(/status of 401.*\/session\)/)
	await page.getByLabel('User name').fill(user)
	await page.getByLabel('Password').fill('not ' + password)
	await page.getByRole('button', { name: 'Sign in' }).click()
	await page.getByRole('alert').waitFor()
	await sign_in()
})
await check('a reload keeps the session', async () => {
	await page.reload()
	await page.locator('.frame').waitFor()
})
await check('the dashboard draws live throughput of every configured interface', async () => {
	await go('dashboard')
	const links = (await api('GET', '/status')).body.interfaces.filter(one => one.name)
	await page.locator('.link-card').first().waitFor()
	await page.locator('.plot canvas').nth(links.length - 1).waitFor()
	if (await page.locator('.link-card').count() !== links.length)
		return `${await page.locator('.link-card').count()} cards for ${links.length} interfaces`
	await page.waitForTimeout(5000)
	await shoot(page, 'dashboard')
	return await page.locator('.stream-lost').count() ? 'the event stream is lost' : ''
})
await check('the dashboard tells every process and that all but privd hold no capability', async () => {
	const told = (await api('GET', '/status')).body.processes
	const names = await page.locator('.process-name').allTextContents()
	const missing = told.filter(one => !names.includes(one.name)).map(one => one.name)
	const strong = told.filter(one => !/privd|spawner/.test(one.name) && one.capabilities?.length).map(one => one.name)
	return [missing.length ? `not shown: ${missing}` : '', strong.length ? `with capabilities: ${strong}` : '', told.length < 5 ? 'fewer than five processes' : '']
})
await check('the rules page shows the running rules and the generated ones', async () => {
	await go('rules')
	const state = (await api('GET', '/state/firewall')).body.rules
	await page.locator('.rules [role=row][data-key]').first().waitFor()
	await page.getByText('generated rules', { exact: false }).first().waitFor()
	await shoot(page, 'rules-folded')
	await page.getByRole('switch', { name: /generated rules/ }).check()
	const count = Number(await page.locator('.rules').getAttribute('aria-rowcount')) - 1
	const own = (await api('GET', '/configuration/firewall/rules')).body.length
	const made = state.filter(one => one.generated).length
	return count === own + made && made > 0 ? '' : `${count} rows for ${own} rules and ${made} generated ones`
})
await check('adding a rule changes the candidate and not the running policy', async () => {
	await page.getByRole('button', { name: 'Add rule' }).click()
	await dialog().getByLabel('Name').fill(rule)
	await dialog().getByLabel('Description').fill('<img src=x onerror=alert(1)> "quoted" & checked')
	await dialog().locator('#field-from').getByRole('checkbox', { name: 'lan', exact: true }).check()
	await dialog().locator('#field-to').getByRole('checkbox', { name: 'wan', exact: true }).check()
	await dialog().locator('#field-service').getByRole('checkbox', { name: 'ssh', exact: true }).check()
	await dialog().getByRole('radio', { name: 'Drop' }).check()
	await dialog().getByRole('switch', { name: 'Log its connections' }).check()
	await shoot(page, 'rule-form')
	await dialog().getByRole('button', { name: 'Add rule' }).click()
	await row(rule).waitFor()
	await bar().getByText('1 change not yet in force').waitFor()
	return await running_rule(rule) ? 'it runs already' : ''
})
await check('text of a person is shown as text', async () =>
	await row(rule).locator('img').count() ? 'it became an element' : await row(rule).getByText('<img src=x onerror=alert(1)>').count() ? '' : 'it is not shown')
await check('moving with the keyboard changes the order of the candidate', async () => {
	const before = Number(await row(rule).locator('.cell-number').textContent())
	await row(rule).focus()
	await page.keyboard.press('Alt+ArrowUp')
	await page.waitForFunction(([id, was]) => Number(document.querySelector(`.rules [data-key="${id}"] .cell-number`)?.textContent) === was - 1, [rule, before])
	return await page.evaluate(id => document.activeElement?.getAttribute('data-key') === id, rule) ? '' : 'the focus is lost'
})
await check('the diff names the new rule, as objects and as text', async () => {
	await go('pending')
	await page.locator('.diff-thing', { hasText: rule }).first().waitFor()
	await shoot(page, 'pending')
	await page.getByRole('radio', { name: 'Text' }).check()
	await page.locator('.diff-text', { hasText: rule }).waitFor()
})
let first = 0
await check('a commit on trial is in force and counts down', async () => {
	first = await revision()
	await commit('Browser test adds a rule')
	await shoot(page, 'trial')
	const left = await page.locator('.bar-clock').textContent()
	await page.waitForTimeout(1600)
	if (left === await page.locator('.bar-clock').textContent())
		return 'the clock stands still'
	return await running_rule(rule) ? '' : 'the rule does not run'
})
await check('the countdown survives a reload', async () => {
	await page.reload()
	await bar().getByRole('button', { name: 'Keep' }).waitFor()
})
await check('keep: the revision stays', async () => {
	await bar().getByRole('button', { name: 'Keep' }).click()
	await bar().getByText(/is kept/).waitFor()
	await bar().getByRole('button', { name: 'OK' }).click()
	const now = await revision()
	return now > first && await running_rule(rule) ? '' : `revision ${now} runs, ${first} was before`
})
await check('counters move without a reload', async () => {
	await go('rules')
	const sum = () => page.evaluate(() => [...document.querySelectorAll('.rules .counter-words')].map(one => one.textContent).join())
	const before = await sum()
	if (traffic)
		execSync(traffic, { stdio: 'ignore', timeout: 20_000 })
	for (let tries = 0; tries < 24; tries++) {
		await page.waitForTimeout(500)
		if (await sum() !== before) {
			await shoot(page, 'rules')
			return ''
		}
	}
	return 'no counter changed in 12 s'
})
if (traffic) {
	await check('a logged packet appears in the live log, filters, and leads to its rule', async () => {
		await go('log')
		await page.getByText('live', { exact: true }).waitFor()
		execSync(traffic, { stdio: 'ignore', timeout: 20_000 })
		const link = page.locator('.log .icon-link').first()
		await link.waitFor()
		const name = await page.locator('.log [role=row][data-key]').filter({ has: page.locator('.icon-link') }).first().locator('.cell-rule .word').textContent()
		await shoot(page, 'log')
		await page.locator('.log .cell-rule .word', { hasText: name }).first().click()
		await page.locator('.wish', { hasText: name }).waitFor()
		const others = await page.locator('.log .cell-rule .word').evaluateAll((all, wanted) => all.filter(one => one.textContent !== wanted).length, name)
		await page.getByRole('button', { name: 'Pause' }).click()
		await page.getByText('paused').waitFor()
		await link.click()
		await row(name).waitFor()
		return others ? `${others} rows do not fit the filter` : ''
	})
}
await check('going back takes a commit away at once', async () => {
	await go('rules')
	await row(rule).getByRole('switch').click()
	await bar().getByText('1 change not yet in force').waitFor()
	const before = await revision()
	await commit('Browser test goes back')
	await bar().getByRole('button', { name: 'Go back' }).click()
	await bar().getByText(/was taken back/).waitFor()
	await shoot(page, 'taken-back')
	await bar().getByRole('button', { name: 'OK' }).click()
	const left = await running_rule(rule)
	return await revision() === before && left?.enabled !== false ? '' : 'the change is still there'
})
await check('history compares two revisions', async () => {
	await go('history')
	await page.locator('.revision').nth(1).waitFor()
	await page.getByLabel(`Choose revision ${first} to compare`).check()
	await page.getByLabel(`Choose revision ${await revision()} to compare`).check()
	await page.locator('.compare .diff-thing', { hasText: rule }).waitFor()
	await shoot(page, 'history')
})
await check('an old revision is restored into pending changes, and nothing runs before the commit', async () => {
	await page.getByRole('button', { name: `Restore revision ${first}` }).click()
	await page.locator('.diff-thing.tone-bad', { hasText: rule }).waitFor()
	if (!await running_rule(rule))
		return 'the rule is gone already'
	await commit('Browser test cleans up')
	await bar().getByRole('button', { name: 'Keep' }).click()
	await bar().getByText(/is kept/).waitFor()
	await bar().getByRole('button', { name: 'OK' }).click()
	return await running_rule(rule) ? 'the rule is still there' : ''
})
await check('interfaces and routes are those of the kernel', async () => {
	await go('interfaces')
	await page.locator('.port').first().waitFor()
	await page.getByRole('table', { name: 'Routes' }).waitFor()
	await shoot(page, 'interfaces')
	const links = (await api('GET', '/state/interfaces')).body.interfaces.length
	return await page.locator('.port').count() === links ? '' : 'a link is missing'
})

// PICTURE_SECONDS: let the plots fill before pictures of the dashboard and the rules are taken, for the documentation.
const seconds = Number(process.env.PICTURE_SECONDS ?? 0)
const storage = await page.context().storageState()
if (seconds) {
	for (const [mode, how] of [['light', {}], ['dark', { dark: true }]]) {
		const other = await open_page(browser, { url, storage, ...how })
		await other.goto(path('dashboard'))
		await other.locator('.plot canvas').first().waitFor()
		await other.waitForTimeout(seconds * 1000)
		await shoot(other, `picture-dashboard-${mode}`)
		for (const name of ['rules', 'log']) {
			await other.goto(path(name))
			await other.waitForTimeout(6000)
			await shoot(other, `picture-${name}-${mode}`)
		}
		await other.context().close()
	}
}
for (const [mode, how] of [['light', {}], ['dark', { dark: true }], ['phone', { size: 'phone' }], ['phone dark', { size: 'phone', dark: true }]]) {
	await check(`axe finds nothing and nothing scrolls sideways: ${mode}`, async () => {
		const other = await open_page(browser, { url, storage, ...how })
		const wrong = []
		for (const name of ['dashboard', 'rules', 'log', 'interfaces', 'pending', 'history']) {
			await other.goto(path(name))
			await other.locator('main h1').waitFor()
			await other.waitForTimeout(900)
			await shoot(other, `${name}-${mode.replace(' ', '-')}`)
			const wide = await overflow(other)
			wrong.push(...await check_axe(other, name), wide && `${name} scrolls sideways: ${wide}`)
		}
		wrong.push(...complaints_of(other))
		await other.context().close()
		return wrong
	})
}
await check('no console error, no broken policy, no request to another host', () => complaints_of(page))
await browser.close()
end()
