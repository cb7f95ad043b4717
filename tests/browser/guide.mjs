// SPDX-License-Identifier: GPL-3.0-or-later
// The pictures of docs/guide that the stand-in can show: light, dark and on a phone. The others (people, settings, locked secrets, imports, the first start) are
// of the lab: run.mjs, box.mjs, import.mjs and setup.mjs make them when GUIDE names the folder. [DIST=DIR] [SCREENSHOTS=DIR] node guide.mjs [page ...]
import { fileURLToPath } from 'node:url'
import { make_box, serve } from './fixture.mjs'
import { open_page, picture, settle, shoot, start_browser } from './look.mjs'

process.env.GUIDE ??= fileURLToPath(new URL('../../docs/images/guide', import.meta.url))
const MODES = { light: {}, dark: { dark: true }, phone: { size: 'phone' } }
const EXPLAIN = 'explain?protocol=tcp&source=192.0.2.10&destination=203.0.113.10&port=443'
const PAGES = { dashboard: 'dashboard', rules: 'rules', zones: 'rules?view=zones', log: 'log', connections: 'states', explain: EXPLAIN, interfaces: 'interfaces', topology: 'topology', pending: 'pending', history: 'history',
	backups: 'backups', drift: 'drift', system: 'system', secrets: 'secrets', account: 'account', audit: 'audit', api: 'api?call=POST+%2Fbackups', gallery: 'gallery' }
const wanted = process.argv.slice(2)

const browser = await start_browser()
for (const [mode, how] of Object.entries(MODES)) {
	const { url, close } = await serve(make_box(), { dist: process.env.DIST })
	const page = await open_page(browser, { url, ...how })
	await page.goto(url)
	await page.getByLabel('User name').fill('alice')
	await page.getByLabel('Password').fill('correct horse')
	await page.getByRole('button', { name: 'Sign in' }).click()
	await page.locator('.frame').waitFor()
	// What stands on the page of pending changes.
	await page.goto(url + '/#/rules')
	await page.locator('.rules [data-key="ping"]').getByRole('switch').click()
	await page.locator('.bar-pending').waitFor()
	await page.getByRole('button', { name: 'Dismiss' }).click()
	for (const [name, at] of Object.entries(PAGES).filter(([name]) => !wanted.length || wanted.includes(name))) {
		await page.goto(`${url}/#/${at}`)
		await page.locator('main h1').waitFor()
		await settle(page)
		if (name === 'topology')		// with the rates of the first seconds
			await page.waitForFunction(() => /[1-9]/.test(document.querySelector('.topo-number')?.textContent))
		await shoot(page, `guide-${name}-${mode}`)
		await picture(page, `${name}-${mode}`)
	}
	await page.context().close()
	close()
}
await browser.close()
