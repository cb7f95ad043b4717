// SPDX-License-Identifier: GPL-3.0-or-later
// A page that was left is gone: nothing of it stays in the browser (ADR 245), which is slow here, since that is when plots that were gone were held.
// DIST=DIR node left.mjs
import { make_box, serve } from './fixture.mjs'
import { held_by } from './heap.mjs'
import { complaints_of, make_checks, open_page, start_browser } from './look.mjs'

const SLOWER = 4
const ROUNDS = 12
const { check, end } = make_checks()
const browser = await start_browser('--js-flags=--no-opt --no-maglev --no-sparkplug --no-flush-bytecode')		// as soak.mjs

await check('of a dashboard that was left again and again no element is there any more', async () => {
	const { url, close } = await serve(make_box(), { dist: process.env.DIST })
	const page = await open_page(browser, { url })
	const client = await page.context().newCDPSession(page)
	await client.send('Emulation.setCPUThrottlingRate', { rate: SLOWER })
	await page.goto(url)
	await page.getByLabel('User name').fill('alice')
	await page.getByLabel('Password').fill('correct horse')
	await page.getByRole('button', { name: 'Sign in' }).click()
	const to = async (where, what) => {
		await page.evaluate(hash => { location.hash = hash }, `#/${where}`)
		await what.waitFor()
	}
	for (let round = 0; round < ROUNDS; round++) {
		await to('dashboard', page.locator('.plot canvas').nth(6))
		await to('interfaces', page.locator('.port').first())
	}
	await page.waitForTimeout(1200)
	const { elements, ways } = await held_by(page)
	const complaints = complaints_of(page)
	await page.context().close()
	close()
	return [...complaints, elements > 0 && `${elements} elements are held:\n    ${ways.join('\n    ')}`]
})
await browser.close()
end()
