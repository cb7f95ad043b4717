// SPDX-License-Identifier: GPL-3.0-or-later
// Screenshots and axe over every page of the stand-in, in light, dark and on a phone. For eyes: SCREENSHOTS=DIR node shots.mjs [page ...]
import { make_box, serve } from './fixture.mjs'
import { check_axe, complaints_of, open_page, overflow, shoot, start_browser } from './look.mjs'

const wanted = process.argv.slice(2)
const box = make_box()
const { url, close } = await serve(box, { dist: process.env.DIST })
const browser = await start_browser()
const modes = [['light', {}], ['dark', { dark: true }], ['phone', { size: 'phone' }], ['phone-dark', { size: 'phone', dark: true }]]
let bad = 0
const tell = lines => {
	for (const line of lines.filter(Boolean)) {
		bad++
		console.log(line)
	}
}

for (const [mode, how] of modes) {
	const page = await open_page(browser, { url, ...how })
	const is_wanted = (...names) => !wanted.length || names.some(name => wanted.includes(name))
	const see = async (name, prepare) => {
		if (!is_wanted(name))
			return
		await prepare?.()
		await page.waitForTimeout(500)
		await shoot(page, `${name}-${mode}`)
		const wide = await overflow(page)
		tell([wide && `${name} ${mode}: scrolls sideways: ${wide}`, ...await check_axe(page, `${name} ${mode}`)])
	}
	await page.goto(url)
	await page.getByRole('heading', { name: 'Sign in' }).waitFor()
	await see('signin')
	await page.getByLabel('User name').fill('alice')
	await page.getByLabel('Password').fill('correct horse')
	await page.getByRole('button', { name: 'Sign in' }).click()
	await page.locator('.frame').waitFor()
	if (is_wanted('dashboard'))
		await page.waitForTimeout(mode === 'light' || mode === 'dark' ? 20000 : 3000)
	await see('dashboard')
	await see('rules', () => page.goto(url + '/#/rules').then(() => page.waitForTimeout(2500)))
	await see('rule-form', () => page.goto(url + '/#/rules').then(() => page.locator('.rule-open').nth(1).click()))
	await page.keyboard.press('Escape')
	await see('log', () => page.goto(url + '/#/log').then(() => page.waitForTimeout(800)))
	await see('interfaces', () => page.goto(url + '/#/interfaces').then(() => page.waitForTimeout(1500)))
	await see('topology', () => page.goto(url + '/#/topology').then(() => page.waitForTimeout(2500)))
	await see('history', () => page.goto(url + '/#/history').then(() => page.waitForTimeout(300)))
	await see('compare', () => page.goto(url + '/#/history').then(() => page.locator('.revision-choice input').first().check()).then(() => page.locator('.revision-choice input').nth(3).check()))
	if (is_wanted('rules-pending', 'pending', 'commit', 'trial', 'reverted')) {
		await page.goto(url + '/#/rules')
		await page.waitForTimeout(600)
		await page.locator('.cell-on .switch').nth(4).click()
		await page.waitForTimeout(400)
		await page.locator('.rules [data-key="web-in"]').focus()
		await page.keyboard.press('Alt+ArrowUp')
		await page.waitForTimeout(400)
		await page.locator('.rules [data-key="ping"]').focus()
		await page.keyboard.press('c')
		await page.locator('dialog').getByRole('button', { name: 'Add rule' }).click()
		await page.waitForTimeout(700)
	}
	await see('rules-pending')
	await see('pending', () => page.goto(url + '/#/pending'))
	if (is_wanted('commit', 'trial', 'reverted')) {
		await page.goto(url + '/#/pending')
		await page.getByRole('button', { name: 'Commit', exact: true }).click()
	}
	await see('commit')
	if (is_wanted('trial', 'reverted')) {
		await page.getByLabel('Comment').fill('Clean up')
		await page.locator('dialog').getByRole('button', { name: 'Commit', exact: true }).click()
		await page.getByRole('button', { name: 'Keep' }).waitFor()
	}
	await see('trial')
	if (await page.getByRole('button', { name: 'Go back' }).count())
		await page.getByRole('button', { name: 'Go back' }).click()
	await see('reverted')
	tell(complaints_of(page).map(text => `${mode}: ${text}`))
	await page.context().close()
}
await browser.close()
close()
console.log(bad ? `${bad} complaints` : 'no complaint')
process.exit(bad ? 1 : 0)
