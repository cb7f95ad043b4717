// SPDX-License-Identifier: GPL-3.0-or-later
// How long the list of ten thousand rules takes in Chromium, against the running suite: from the press to the first rows, and from the answer that has them.
// Lines of JSON, one a round. BASE_URL=... CLAIM_CODE=... ROUNDS=... node rows.mjs
import { claim, open_page, start_browser } from './look.mjs'

const url = process.env.BASE_URL
const browser = await start_browser()
const page = await open_page(browser, { url })
await claim(page, url)

const press = () => page.evaluate(() => new Promise(done => {
	let answered = 0
	new PerformanceObserver(list => {
		for (const entry of list.getEntries())
			if (entry.name.endsWith('/configuration/firewall'))
				answered = entry.responseEnd
	}).observe({ type: 'resource', buffered: false })
	const begin = performance.now()
	location.hash = '#/rules'
	const look = () => document.querySelector('.rules [role=row][data-key]') && answered
		? done({ pressed: performance.now() - begin, answered: performance.now() - answered, rows: Number(document.querySelector('.rules').getAttribute('aria-rowcount')) - 1 }) : requestAnimationFrame(look)
	look()
}))

for (let round = 0; round < Number(process.env.ROUNDS); round++) {
	await page.goto(`${url}/#/dashboard`)
	await page.reload()
	await page.locator('.plot canvas').first().waitFor()
	await page.waitForTimeout(1500)
	console.log(JSON.stringify(await press()))
}
await browser.close()
