// SPDX-License-Identifier: GPL-3.0-or-later
// The web admin from end to end against a running appliance:
//   BASE_URL=https://127.0.0.1:8443 CLAIM_CODE=... [SCREENSHOTS=DIR] [LOG_TRAFFIC='command that makes one logged packet'] node run.mjs
// Claims the box (or signs in when USER_NAME and PASSWORD are given and it is claimed), edits a rule, looks at the diff, commits on trial, keeps,
// goes back once, sees counters and log move, compares and restores. Every page is judged by axe in light, dark and at 360 px; a console error,
// a broken policy, a request to another host or a page that scrolls sideways is a failure. Prints one line for each check; exit status 0 or 1.
import { execSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { by_keyboard, check_axe, complaints_of, make_checks, open_page, overflow, picture, settle, shoot, start_browser } from './look.mjs'

const url = (process.env.BASE_URL ?? '').replace(/\/$/, '')
const code = process.env.CLAIM_CODE ?? ''
const user = process.env.USER_NAME ?? 'admin'
const password = process.env.PASSWORD ?? 'a sentence is a good password 7'
const traffic = process.env.LOG_TRAFFIC ?? ''
const kernel = process.env.KERNEL ?? ''		// prints the ruleset
const probe = process.env.PROBE ?? ''		// opens a connection from the LAN to port 22 outside
const rule = `browser-${Date.now().toString(36)}`
if (!url) {
	console.error('BASE_URL is missing')
	process.exit(2)
}

const { check, end } = make_checks()
const browser = await start_browser()
const page = await open_page(browser, { url })
const path = name => `${url}/#/${name}`
const go = name => page.goto(path(name)).then(() => page.locator('main h1').waitFor())
const row = id => page.locator(`.rules [data-key="${id}"]`)
const dialog = () => page.locator('dialog[open]')
const bar = () => page.locator('.bar')
const { tab_to, type_into, press, toggle } = by_keyboard(page)

/** The API as the page itself uses it, for the judge's own questions. */
const api = (method, where, body, more = {}) => page.evaluate(async ([how, at, what, headers]) => {
	const session = await (await fetch('/api/v1/session')).json()
	const response = await fetch('/api/v1' + at, { method: how, headers: { 'Content-Type': 'application/json', 'Patronus-CSRF': session.csrf, ...headers }, body: what ? JSON.stringify(what) : undefined })
	return { status: response.status, body: response.headers.get('Content-Type')?.includes('json') ? await response.json() : null }
}, [method, where, body, more])
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
if (kernel && probe) {
	await check('hits are those of all time: a daemon that is killed and a commit that makes the kernel count anew take none away', async () => {
		const rules = async () => Object.fromEntries((await api('GET', '/state/firewall')).body.rules.map(one => [one.id, one]))
		const told = async () => Number((await row('lan-out').locator('.counter').getAttribute('title')).match(/^([\d,]+) packets/)?.[1].replaceAll(',', '') ?? 0)
		const only = async text => {
			await page.getByLabel('Search rules').fill(text)
			await page.waitForTimeout(300)
			return page.locator('.rules .cell-name .rule-open').allTextContents()
		}
		execSync(probe, { stdio: 'ignore', timeout: 10_000 })
		/** Waits until the box has counted so many; answers how many. */
		const counted = async most => {
			for (let tries = 0, is = 0; ; tries++, await page.waitForTimeout(100)) {
				is = await rules().then(all => all['lan-out']['total-packets'], () => 0)
				if (is >= most || tries === 100)
					return is
			}
		}
		const had = await counted(1)
		const pid = (await api('GET', '/status')).body.processes.find(one => one.name === 'fwd').pid
		process.kill(pid, 'SIGKILL')
		page.expected.push(/status of 503.*\/state\/firewall/)		// while it is not there
		const after = await counted(had)
		await page.waitForTimeout(1200)		// what came in the second before a change is not told
		// A rule that does something else is another one to the kernel.
		const change = value => api('PATCH', '/configuration/firewall/rules/lan-out', value, { 'If-Match': '*' })
		const answers = [(await change({ log: true })).status, (await change({ log: null })).status]
		const state = (await rules())['lan-out']
		await page.reload()
		await go('rules')
		await row('lan-out').waitFor()
		await page.waitForFunction(() => /packets/.test(document.querySelector('.rules [data-key="lan-out"] .counter')?.title))
		const hits = await told()
		await shoot(page, 'rules-evidence')
		const [none, late] = [await only('hits=0'), await only('last<1h')]
		await only('')
		return [answers.some(status => status !== 200) && `the change was answered ${answers}`, state.packets >= state['total-packets'] && `the kernel goes on counting: ${state.packets} of ${state['total-packets']}`,
			after < had && `${had} hits were ${after} after the kill`, hits < had && `the page says ${hits} hits, there were ${had}`, none.includes('lan-out') && 'it is said never to be hit', !none.includes(rule) && `${rule} was hit: ${none}`, !late.includes('lan-out') && `not hit lately: ${late}`]
	})
}
const passes = () => {
	try {
		execSync(probe, { stdio: 'ignore', timeout: 10_000 })
		return true
	} catch {
		return false
	}
}
/** The names of rules of people in the order in which the kernel asks them for a new connection from LAN to WAN. */
const kernel_order = ids => {
	const text = execSync(kernel, { maxBuffer: 64 << 20 }).toString()
	const chain = text.split(/^\tchain /m).find(one => ids.every(id => one.includes(id))) ?? ''
	return ids.map(id => [chain.indexOf(id), id]).sort((a, b) => a[0] - b[0]).map(one => one[1]).join()
}
if (kernel && probe) {
	await check('a drag reorders the rules of the kernel, and the traffic with them', async () => {
		await go('rules')
		await row(rule).waitFor()
		const order = kernel_order(['lan-out', rule])
		if (order !== `lan-out,${rule}` || !passes())
			return `before the drag the kernel asks ${order}, and ssh ${passes() ? 'passes' : 'does not pass'}`
		const from = await row(rule).locator('.grip').boundingBox()
		const to = await row('lan-out').boundingBox()
		await page.mouse.move(from.x + from.width / 2, from.y + from.height / 2)
		await page.mouse.down()
		await page.mouse.move(from.x + 40, from.y - 20, { steps: 3 })
		await page.mouse.move(to.x + 200, to.y + 6, { steps: 8 })
		await page.locator('.drop-line').waitFor()
		await shoot(page, 'rules-drag')
		await page.mouse.up()
		await page.getByText(`${rule} is now number 1 of`).waitFor({ state: 'attached' })
		await bar().getByText('1 change not yet in force').waitFor()
		if (kernel_order(['lan-out', rule]) !== order || !passes())
			return 'it is in force before the commit'
		// Whom it will cut off is told before, and looked for by the name of the rule.
		await go('pending')
		await page.getByRole('button', { name: 'Look at the last day' }).click()
		const touched = page.getByRole('table', { name: 'Whom it touches' })
		await touched.getByText(/192\.0\.2\.10 → [0-9.]+:22 /).first().waitFor()
		await page.getByRole('searchbox', { name: 'Search address, port or rule' }).fill('nothing has this')
		await page.getByText('None is like that').waitFor()
		await page.getByRole('searchbox', { name: 'Search address, port or rule' }).fill(`:22 ${rule}`)
		await touched.getByText(/:22 /).first().waitFor()
		await shoot(page, 'impact')
		await commit('Browser test drags a rule')
		await bar().getByRole('button', { name: 'Keep' }).click()
		await bar().getByText(/is kept/).waitFor()
		await bar().getByRole('button', { name: 'OK' }).click()
		const after = kernel_order(['lan-out', rule])
		return [after === `${rule},lan-out` ? '' : `the kernel asks ${after}`, passes() ? 'ssh still passes' : '']
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
	await dialog().getByRole('checkbox', { name: 'firewall', exact: true }).waitFor()
	await shoot(page, 'restore')
	await dialog().getByRole('button', { name: 'Restore' }).click()
	await page.locator('.diff-thing.tone-bad', { hasText: rule }).waitFor()
	if (!await running_rule(rule))
		return 'the rule is gone already'
	await commit('Browser test cleans up')
	await bar().getByRole('button', { name: 'Keep' }).click()
	await bar().getByText(/is kept/).waitFor()
	await bar().getByRole('button', { name: 'OK' }).click()
	return await running_rule(rule) ? 'the rule is still there' : ''
})
if (kernel && probe) {
	const passes_with = options => {
		try {
			execSync(probe + options, { stdio: 'ignore', timeout: 10_000 })
			return true
		} catch {
			return false
		}
	}
	const lines = name => dialog().locator(`[name="${name}"]`)
	const more = name => dialog().getByRole('group', { name, exact: true })
	await check('every condition of the schema is in the form of a rule, and what is set there decides packets in the kernel', async () => {
		await api('POST', '/configuration/firewall/schedules', { name: 'browser-hours', windows: [{ name: 'all' }] })
		await page.reload()
		await go('rules')
		await row('lan-out').focus()
		await page.keyboard.press('Shift+N')
		await dialog().getByLabel('Name', { exact: true }).fill('narrow')
		await dialog().locator('#field-from').getByRole('checkbox', { name: 'lan', exact: true }).check()
		await dialog().locator('#field-to').getByRole('checkbox', { name: 'wan', exact: true }).check()
		await dialog().getByRole('radio', { name: 'Drop' }).check()
		await lines('schedule').selectOption('browser-hours')
		await more('Connections').getByRole('switch').check()
		await lines('connections-maximum').fill('20')
		await more('Connections').getByRole('radio', { name: 'source' }).check()
		await dialog().locator('summary', { hasText: 'More' }).last().click()
		const shown = await dialog().locator('.more-body').last().locator('label, legend').allTextContents()
		const missing = ['Family', 'In interface', 'Source MAC', 'DSCP', 'Mark', 'Connection mark', 'State', 'Length', 'TCP flags', 'Set', 'Log text', 'Log limit', 'Reject with'].filter(name => !shown.some(one => one.startsWith(name)))
		await more('TCP flags').getByRole('switch').check()
		await more('TCP flags').locator('#field-tcp-flags-set').getByRole('checkbox', { name: 'syn' }).check()
		await more('TCP flags').locator('#field-tcp-flags-clear').getByRole('checkbox', { name: 'ack' }).check()
		await lines('length').fill('40-200')
		await lines('log-text').fill('from the browser')
		await lines('log-limit').fill('10/minute')
		await lines('dscp').fill('cs1')
		await dialog().getByRole('switch', { name: 'Log its connections' }).check()
		await lines('dscp').scrollIntoViewIfNeeded()
		await shoot(page, 'rule-form-more')
		await picture(page, 'conditions-light')
		await lines('dscp').fill('cs9')
		page.expected.push(/status of 422.*\/configuration\/firewall\/rules/)
		await dialog().getByRole('button', { name: 'Add rule' }).click()
		await dialog().locator('.field-wrong', { hasText: 'DSCP' }).waitFor()
		await lines('dscp').fill('cs1')
		const wrong = await check_axe(page, 'the form of a rule with conditions', 'dialog[open]')
		await dialog().getByRole('button', { name: 'Add rule' }).click()
		await row('narrow').getByTitle('Only in the windows of browser-hours').waitFor()
		const told = await row('narrow').getByTitle(/^Only with: /).getAttribute('title')
		await commit('Browser test narrows a rule')
		const inside = execSync(kernel, { maxBuffer: 64 << 20 }).toString().split('\n').filter(one => one.includes('narrow')).join('\n')
		const absent = [/dscp cs1/, /tcp flags/, /length 40-200/, /from the browser/, /limit rate/].filter(one => !one.test(inside)).map(String)
		const seen = [passes_with(''), passes_with(',ip-tos=32')].join()
		await bar().getByRole('button', { name: 'Keep' }).click()
		await bar().getByText(/is kept/).waitFor()
		await bar().getByRole('button', { name: 'OK' }).click()
		await go('rules')
		await row('narrow').locator('.rule-open').click()
		const again = [await lines('dscp').inputValue(), await lines('length').inputValue(), await lines('connections-maximum').inputValue(), await lines('schedule').inputValue()].join()
		await page.keyboard.press('Escape')
		await row('narrow').focus()
		await page.keyboard.press('Delete')
		await dialog().getByRole('button', { name: /^Delete/ }).click()
		await commit('Browser test removes it')
		await bar().getByRole('button', { name: 'Keep' }).click()
		await bar().getByText(/is kept/).waitFor()
		await bar().getByRole('button', { name: 'OK' }).click()
		return [...wrong, missing.length && `the form lacks ${missing}`, absent.length && `the kernel lacks ${absent}: ${inside}`, seen !== 'true,false' && `plain and marked pass: ${seen}`,
			told !== 'Only with: DSCP, Length, TCP flags, Connections' && `the list says "${told}"`, again !== 'cs1,40-200,20,browser-hours' && `opened again it has ${again}`]
	})
}
await check('what validation refuses leads to the form of its object, whatever it is, and to the field', async () => {
	const { body: home } = await api('POST', '/workspaces', {})
	const patch = (path, value) => ({ op: 'patch', path, value })
	const done = await api('POST', '/batch', { operations: [{ op: 'create', path: '/firewall/pre-rules/early', value: { from: ['lan'], to: ['nowhere'], action: 'drop' } }, patch('/nat/masquerade/out', { zone: 'nowhere' }),
		patch('/firewall/zones/lan', { interfaces: ['lan', 'nolink'] }), patch('/management/web', { zones: ['nowhere'] })] }, { 'Patronus-Workspace': home.id })
	if (done.status !== 200)
		return JSON.stringify(done)
	await page.reload()
	page.expected.push(/status of 422.*\/(validate|state\/firewall-analysis)/)
	const wrong = []
	for (const [path, heading, field] of [['firewall.pre-rules[early]', 'Rule early', 'field-to'], ['nat.masquerade.out', 'Masquerade out', 'field-zone'], ['firewall.zones.lan', 'Zone lan', 'field-interfaces'], ['management.web.zones', 'Management', 'field-web-zones']]) {
		await go('pending')
		await page.locator('.error-list li').filter({ has: page.locator('code', { hasText: path }) }).getByRole('link').first().click()
		await page.getByRole('heading', { name: heading, exact: true }).waitFor()
		wrong.push(await page.waitForFunction(id => document.activeElement?.closest(`#${id}`) || document.activeElement?.id.startsWith(id), field, { timeout: 5000 })
			.then(() => '', async () => `${path}: the focus is on ${await page.evaluate(() => document.activeElement.outerHTML.slice(0, 80))}`))
		await page.keyboard.press('Escape')
	}
	await api('DELETE', `/workspaces/${home.id}`)
	await page.reload()
	return wrong
})
await check('interfaces and routes are those of the kernel', async () => {
	await go('interfaces')
	await page.locator('.port').first().waitFor()
	await page.getByRole('table', { name: 'Routes' }).waitFor()
	await shoot(page, 'interfaces')
	const links = (await api('GET', '/state/interfaces')).body.interfaces.length
	return await page.locator('.port').count() === links ? '' : 'a link is missing'
})

const route_of = async () => (await api('GET', '/state/routes')).body.routes.filter(one => one.destination === '198.18.77.0/24')
await check('a form made from the schema says what is wrong beside the field', async () => {
	page.expected.push(/status of 422.*\/configuration\/routing\/static/, /status of 423/)		// an edit while the page validates is tried again
	await go('settings/routing/static')
	await page.getByRole('button', { name: 'New route' }).click()
	await dialog().getByLabel('Name', { exact: true }).fill('browser-route')
	await dialog().getByLabel('Destination').fill('198.18.77.0/33')
	await dialog().getByRole('button', { name: 'Add route' }).click()
	await dialog().getByRole('alert').waitFor()
	await shoot(page, 'settings-refused')
	return await dialog().locator('.field-wrong', { hasText: 'Destination' }).count() ? '' : 'the field is not marked'
})
await check('a route that was made in such a form is in the kernel after the commit', async () => {
	await dialog().getByLabel('Destination').fill('198.18.77.0/24')
	await dialog().getByLabel('Via').fill('198.51.100.1')
	await dialog().getByRole('button', { name: 'Add route' }).click()
	await page.getByRole('button', { name: 'browser-route', exact: true }).waitFor()
	if ((await route_of()).length)
		return 'it is there before the commit'
	await commit('Browser test adds a route')
	await bar().getByRole('button', { name: 'Keep' }).click()
	await bar().getByText(/is kept/).waitFor()
	await bar().getByRole('button', { name: 'OK' }).click()
	const found = await route_of()
	return found.length === 1 && found[0].via === '198.51.100.1' ? '' : `the kernel has ${JSON.stringify(found)}`
})
await check('by keyboard alone: a section without its lists is changed in one step, and back', async () => {
	await go('settings/firewall')
	const before = await page.getByLabel('Description').inputValue()
	const changes = async () => (await api('GET', `/workspaces/${(await api('GET', '/workspaces')).body.workspaces[0].id}/diff`)).body.changes.map(one => one.path)
	const save = () => press(/^Save to the pending changes/)
	await toggle(/^Spoofed/)
	await type_into(/^Description/, 'What the browser says', 'Shift+Tab')
	await save()
	await bar().getByText('not yet in force').waitFor()
	const changed = await changes()
	await toggle(/^Spoofed/, 'Shift+Tab')
	await tab_to(/^Description/, 'Shift+Tab')
	await page.keyboard.press('Control+a')
	await page.keyboard.press('Delete')
	await page.keyboard.type(before)
	await save()
	for (let tries = 0; tries < 40 && (await changes()).length; tries++)
		await page.waitForTimeout(100)
	if ((await changes()).length)
		return `it still changes ${await changes()}`
	return changed.join() === '/firewall/description,/firewall/logging' ? '' : `it changed ${changed}`
})
await check('by keyboard alone: a group is made, filled, looked for and taken away', async () => {
	await go('settings/firewall/groups')
	await press(/^New group/)
	await type_into(/^Name$/, 'by-hand')
	await type_into(/^Addresses$/, '192.0.2.77')
	await page.keyboard.press('Enter')
	await page.keyboard.type('2001:db8::77')
	await press(/^Add group/)
	await bar().getByText('not yet in force').waitFor()
	await type_into(/^Search/, 'by-ha', 'Shift+Tab')
	await press(/^by-hand$/)
	await dialog().getByRole('heading', { name: 'Group by-hand' }).waitFor()
	await tab_to(/^Addresses$/)
	const kept = await page.evaluate(() => document.activeElement.value)
	await page.keyboard.press('Escape')
	await press(/^Actions for by-hand/)
	for (let tries = 0; tries < 9 && await page.evaluate(() => document.activeElement.textContent) !== 'Remove'; tries++)
		await page.keyboard.press('ArrowDown')
	await page.keyboard.press('Enter')
	await press(/^Remove by-hand/)
	await page.getByText('There is no').or(page.getByText('No group contains')).first().waitFor()
	return kept === '192.0.2.77\n2001:db8::77' ? '' : `it has ${kept}`
})
await check('Ctrl-K finds an object of the appliance and opens it', async () => {
	await page.keyboard.press('Control+k')
	await page.getByRole('combobox').waitFor()
	await page.keyboard.type('browser-route')
	await page.getByRole('option', { name: /browser-route/ }).waitFor()
	await page.keyboard.press('Enter')
	await dialog().getByRole('heading', { name: 'Route browser-route' }).waitFor()
	await page.keyboard.press('Escape')
	await page.getByRole('button', { name: 'Actions for browser-route' }).click()
	await page.getByRole('menuitem', { name: 'Remove' }).click()
	await dialog().getByRole('button', { name: 'Remove browser-route' }).click()
	await commit('Browser test removes the route')
	await bar().getByRole('button', { name: 'Keep' }).click()
	await bar().getByText(/is kept/).waitFor()
	await bar().getByRole('button', { name: 'OK' }).click()
	return (await route_of()).length ? 'the route is still in the kernel' : ''
})

const secret_of = shown => shown.replace(/\s/g, '')
const otp = secret => execSync(`oathtool --totp -b ${secret}`).toString().trim()
await check('a second factor is enrolled from the QR code of the page, and asked for at the next sign-in', async () => {
	await page.goto(path('account'))
	await page.getByRole('button', { name: 'Enrol', exact: true }).click()
	const code = dialog().getByRole('img', { name: /QR code/ })
	await code.waitFor()
	const folder = mkdtempSync(join(tmpdir(), 'qr-'))
	await code.screenshot({ path: join(folder, 'qr.png') })
	const uri = execSync(`zbarimg -q --raw ${join(folder, 'qr.png')}`).toString().trim()
	rmSync(folder, { recursive: true })
	await dialog().getByText('No camera?').click()
	const secret = secret_of(await dialog().locator('.secret-text').textContent())
	if (new URL(uri).searchParams.get('secret') !== secret)
		return 'the QR code says something else than the page'
	await shoot(page, 'enrol')
	await dialog().getByLabel('Code of the app').fill(otp(secret))
	await dialog().getByRole('button', { name: 'Confirm' }).click()
	await dialog().getByRole('heading', { name: 'Recovery codes' }).waitFor()
	const codes = await dialog().locator('.codes code').allTextContents()
	const wrong = await check_axe(page, 'recovery codes')
	await dialog().getByLabel('I keep them').check()
	await dialog().getByRole('button', { name: 'Done' }).click()
	await page.getByText('10 recovery codes left').waitFor()
	await page.getByRole('button', { name: 'Sign out' }).click()
	page.expected.push(/status of 401.*\/session\)/, /status of 401.*\/state\/firewall-log/)		// what was under way as the session ended
	await page.getByLabel('User name').fill(user)
	await page.getByLabel('Password').fill(password)
	await page.getByRole('button', { name: 'Sign in' }).click()
	await page.getByLabel('One-time code').fill(codes[0])
	await page.keyboard.press('Enter')
	await page.locator('.frame').waitFor()
	await page.goto(path('account'))
	await page.getByText('9 recovery codes left').waitFor()
	return wrong
})
await check('by keyboard alone: a token is made in the page, works for a program, and ends in the page', async () => {
	await press(/^New token/)
	await type_into(/^Name/, 'browser-token')
	await toggle(/^state:read$/)
	await press(/^Make token/)
	await dialog().locator('.secret-text').waitFor()
	const token = await dialog().locator('.secret-text').textContent()
	await press(/^Done/)
	const ask = what => Number(execSync(`curl -sk -o /dev/null -w '%{http_code}' -H 'Authorization: Bearer ${token}' ${url}/api/v1${what}`).toString())
	const answers = [ask('/status'), ask('/configuration/users')]
	await press(/^Revoke the token browser-token/)
	await page.getByText('The token browser-token has ended').waitFor()
	answers.push(ask('/status'))
	return answers.join() === '200,403,401' ? '' : `it was answered ${answers}`
})
await check('people, their sessions and tokens are seen in one place', async () => {
	await page.goto(path('people'))
	await page.getByRole('table', { name: 'Users' }).getByRole('link', { name: user, exact: true }).waitFor()
	await page.getByRole('table', { name: 'Users' }).getByText('second factor', { exact: true }).waitFor()
	await page.getByRole('table', { name: 'Sessions of everybody' }).getByText('this one').waitFor()
	await shoot(page, 'people')
})
await check('by keyboard alone: the audit log tells what this test did, and is searched', async () => {
	await page.goto(path('audit'))
	await page.getByText(/records$/).first().waitFor()
	await type_into(/^Did/, 'commit')
	await type_into(/^Who/, user, 'Shift+Tab')
	await page.getByRole('table', { name: /Audit records/ }).getByText('Browser test adds a rule').first().waitFor()
	await shoot(page, 'audit')
	await type_into(/^Who/, 'nobody-of-that-name')
	await page.getByText('No record fits').waitFor()
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
const PICTURES = { people: 'people', 'settings/firewall/groups': 'settings' }
for (const [mode, how] of [['light', {}], ['dark', { dark: true }], ['phone', { size: 'phone' }], ['phone dark', { size: 'phone', dark: true }]]) {
	await check(`axe finds nothing and nothing scrolls sideways: ${mode}`, async () => {
		const other = await open_page(browser, { url, storage, ...how })
		const wrong = []
		for (const name of ['dashboard', 'rules', 'log', 'interfaces', 'topology', 'pending', 'history', 'settings/system', 'settings/firewall/groups', 'account', 'people', 'audit']) {
			await other.goto(path(name))
			await other.locator('main h1').waitFor()
			await settle(other)
			await shoot(other, `${name.replaceAll('/', '-')}-${mode.replace(' ', '-')}`)
			if (PICTURES[name] && !mode.includes(' '))
				await picture(other, `${PICTURES[name]}-${mode}`)
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
