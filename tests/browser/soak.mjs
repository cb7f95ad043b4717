// SPDX-License-Identifier: GPL-3.0-or-later
// Hours of an administrator in minutes: two tabs of one browser against the running suite, while packets are logged faster than on any quiet box. One
// stays on the dashboard, the other goes from page to page, searches, opens forms and menus. What the tabs hold after a collection of garbage and
// what httpd and confd hold is told once a round, as lines of JSON on standard output.
//   BASE_URL=... CLAIM_CODE=... SECONDS=... ROUNDS=(at least) PIDS='{"httpd":1,"confd":2}' [QUICK=1: no rest on any page; measured every tenth round] node soak.mjs
import { readFileSync } from 'node:fs'
import { census, grown, held_by } from './heap.mjs'
import { claim, complaints_of, open_page, settle, start_browser } from './look.mjs'

const url = process.env.BASE_URL.replace(/\/$/, '')
const end = Date.now() + Number(process.env.SECONDS) * 1000
const least = Number(process.env.ROUNDS)
const quick = process.env.QUICK === '1'
const EVERY = quick ? 10 : 1
// Machine code that the browser makes of functions that are called often lies in the same heap, and grows for an hour (670 KB in 75 rounds, while no kind of
// object grew): without it the heap is what the page holds.
const browser = await start_browser('--js-flags=--no-opt --no-maglev --no-sparkplug --no-flush-bytecode')
const still = await open_page(browser, { url })
const say = value => console.log(JSON.stringify(value))

/** A second tab of the same browser, with the complaints of the first one's kind. */
async function second() {
	const page = await still.context().newPage()
	page.complaints = []
	page.expected = []
	page.asked = new Set()
	page.on('pageerror', error => page.complaints.push(`page error: ${error.stack ?? error}`))
	page.on('console', message => ['error', 'warning'].includes(message.type()) && page.complaints.push(`console: ${message.text()}`))
	await page.goto(`${url}/#/dashboard`)
	await page.locator('.frame').waitFor()
	return page
}

const WALK = {
	rules: async page => {
		await page.locator('.rules [data-key]').first().waitFor()
		await page.getByLabel('Search rules').fill('lan')
		await page.locator('.rules [data-key] .rule-open').first().click()
		await page.locator('dialog[open]').waitFor()
		await page.keyboard.press('Escape')
	},
	log: async page => {
		await page.locator('.log [data-key]').first().waitFor()
		await page.getByLabel('Search the log').fill('udp')
		await page.getByRole('button', { name: 'Pause' }).click()
		await page.waitForTimeout(quick ? 100 : 1500)
	},
	states: page => page.locator('main table tbody tr').first().waitFor(),
	interfaces: page => page.locator('.port').first().waitFor(),
	'settings/firewall/groups': page => page.locator('main table tbody tr').first().waitFor(),
	audit: page => page.locator('main table tbody tr').first().waitFor(),
	system: page => page.locator('main table tbody tr').first().waitFor(),
	history: page => page.locator('.revision').first().waitFor(),
}

async function walk(page) {
	for (const [name, then] of Object.entries(WALK)) {
		await page.evaluate(where => { location.hash = `#/${where}` }, name)
		await page.locator('main h1').waitFor()
		await then(page)
		await page.keyboard.press('Control+k')
		await page.locator('.palette [role=combobox]').fill('lan')
		await page.keyboard.press('Escape')
		await page.locator('dialog[open]').waitFor({ state: 'detached' })
	}
	await page.evaluate(() => { location.hash = '#/dashboard' })
	await page.locator('.plot canvas').first().waitFor()
}

async function held(page) {
	await (quick ? page.waitForTimeout(1200) : settle(page))		// the newest events have been drawn
	const client = await page.context().newCDPSession(page)
	await client.send('Performance.enable')
	for (let times = 0; times < 3; times++) {
		await client.send('HeapProfiler.collectGarbage')
		await page.waitForTimeout(60)
	}
	const { metrics } = await client.send('Performance.getMetrics')
	const of = name => metrics.find(one => one.name === name).value
	await client.detach()
	return { heap: Math.round(of('JSHeapUsedSize') / 1024), nodes: of('Nodes'), listeners: of('JSEventListeners'), documents: of('Documents') }
}

/** Memory of a process that is of no file, KB. */
const anon = pid => Number(/RssAnon:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1])

await claim(still, url)
await still.goto(`${url}/#/dashboard`)
const roaming = await second()
const begin = Date.now()
let first = null
for (let rounds = 0; rounds < least || Date.now() < end; rounds++) {
	await walk(roaming)
	if (rounds % EVERY)
		continue
	if (quick && rounds >= 2 * EVERY)
		first ??= await census(roaming)
	const tabs = { dashboard: await held(still), roaming: await held(roaming) }
	say({ at: Math.round((Date.now() - begin) / 1000), rounds, tabs, processes: Object.fromEntries(Object.entries(JSON.parse(process.env.PIDS)).map(([name, pid]) => [name, anon(pid)])) })
}
const events = await still.evaluate(async () => (await (await fetch('/api/v1/state/firewall-log?limit=1')).json()).events[0]?.sequence ?? 0)
const more = first ? grown(first, await census(roaming)).filter(one => !/^native (blink::|Performance|LayoutShift|Task)/.test(one.key)).slice(0, 12).map(one => `${one.size} bytes, ${one.count} of ${one.key}`) : []		// where to look when it grew
if (first) {
	const { elements, ways } = await held_by(roaming)
	more.push(`${elements} elements of pages that were left`, ...ways)
}
say({ events, more, complaints: [...complaints_of(still), ...complaints_of(roaming)], lost: await still.locator('.stream-lost').count() })
await browser.close()
