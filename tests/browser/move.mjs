// SPDX-License-Identifier: GPL-3.0-or-later
// A commit takes the address of the page away. The browser is in the LAN of the lab: it goes on at the new address, still signed in, with the countdown; the
// kernel has the address; without an answer from there the box goes back. Run in the namespace of the LAN.
//   BASE_URL=https://192.0.2.1:8443 CLAIM_CODE=... KERNEL='prints the addresses of the box' node move.mjs
import { execSync } from 'node:child_process'
import { check_axe, claim, complaints_of, make_checks, open_page, shoot, start_browser } from './look.mjs'

const OLD = '192.0.2.1'
const NEW = '192.0.2.5'
const url = process.env.BASE_URL
const { check, end } = make_checks()
const browser = await start_browser()
const page = await open_page(browser, {})
const dialog = () => page.locator('dialog[open]')
const bar = () => page.locator('.bar')
const at = host => url.replace(OLD, host)
const kernel = () => execSync(process.env.KERNEL).toString()
page.expected.push(/ERR_/, /status of 404.*commits\/pending/)		// of the address that goes

/** In the form of the interface, as a person does. */
async function give_address(base, text) {
	await page.goto(`${base}/#/settings/interfaces`)
	await page.getByRole('button', { name: 'lan', exact: true }).click()
	await dialog().locator('[name="addresses"]').fill(text)
	await dialog().getByRole('button', { name: /^Save/ }).click()
	await bar().getByText('not yet in force').waitFor()
}

async function commit(seconds) {
	await page.goto(`${page.url().split('#')[0]}#/pending`)
	await page.getByText('Valid: the appliance can do this').waitFor()
	await page.getByRole('button', { name: 'Commit', exact: true }).click()
	await dialog().getByLabel('Time to answer').selectOption(seconds)
}

const cookies = () => page.context().cookies().then(all => all.filter(one => one.name === '__Host-patronus').map(one => one.domain).sort().join())

await claim(page, url)

await check('the page says where it goes on, goes there with its session, and counts down; Keep keeps it', async () => {
	await give_address(url, `${NEW}/25`)
	await commit('300')
	await dialog().getByText(`This page goes on at ${at(NEW)}`).waitFor()
	const wrong = await check_axe(page, 'a page that moves', 'dialog[open]')
	await shoot(page, 'move')
	if (!kernel().includes(`${OLD}/25`))
		return 'the address is gone before the commit'
	await dialog().getByRole('button', { name: 'Commit', exact: true }).click()
	await page.waitForURL(`${at(NEW)}/**`)
	await bar().getByRole('button', { name: 'Keep' }).waitFor()
	await shoot(page, 'move-trial')
	const left = await page.locator('.bar-clock').textContent()
	await page.reload()
	await bar().getByRole('button', { name: 'Keep' }).waitFor()
	await page.waitForFunction(was => document.querySelector('.bar-clock')?.textContent !== was, left)
	wrong.push(page.url().includes('continue') && 'the ticket stands in the address', await page.getByLabel('Password').count() > 0 && 'one is asked to sign in',
		(kernel().includes(`${OLD}/25`) || !kernel().includes(`${NEW}/25`)) && 'the kernel has another address')
	await bar().getByRole('button', { name: 'Keep' }).click()
	await bar().getByText(/is kept/).waitFor()
	await bar().getByRole('button', { name: 'OK' }).click()
	const seen = await cookies()
	return [...wrong, seen !== `${OLD},${NEW}` && `cookies: ${seen}`]
})

await check('a ticket is good once: the same address again asks for the password', async () => {
	const ticket = await page.evaluate(async () => {
		const { csrf } = await (await fetch('/api/v1/session')).json()
		return (await (await fetch('/api/v1/session/handover', { method: 'POST', headers: { 'Patronus-CSRF': csrf } })).json()).ticket
	})
	const other = await open_page(browser, {})
	other.expected.push(/status of 401/)
	await other.goto(`${at(NEW)}/#continue=${ticket}`)
	await other.locator('.frame').waitFor()
	await other.context().clearCookies()
	await other.goto('about:blank')
	await other.goto(`${at(NEW)}/#continue=${ticket}`)
	await other.getByRole('heading', { name: 'Sign in' }).waitFor()
	await other.context().close()
})

/** The page is at the address, still signed in, and says that the revision was taken back; the kernel has it. */
async function is_back(host) {
	await page.waitForURL(`${at(host)}/**`, { timeout: 60_000 })
	await page.locator('.frame').waitFor()
	await page.getByText('1 change not yet in force').or(page.getByText('Nothing is pending')).first().waitFor()
	return [await page.getByLabel('Password').count() > 0 && 'one is asked to sign in', page.url().includes('continue') && 'the ticket stands in the address', !kernel().includes(`${host}/25`) && kernel()]
}

await check('Go back at the new address leads to the old one, still signed in', async () => {
	await give_address(at(NEW), `${OLD}/25`)
	await commit('300')
	await dialog().getByRole('button', { name: 'Commit', exact: true }).click()
	await page.waitForURL(`${at(OLD)}/**`)
	await bar().getByRole('button', { name: 'Keep' }).waitFor()
	await page.waitForTimeout(1500)
	await bar().getByRole('button', { name: 'Go back' }).click()
	const wrong = await is_back(NEW)
	await shoot(page, 'move-back')
	return [...wrong, kernel().includes(`${OLD}/25`) && kernel()]
})

await check('so does a browser that was never at the old one', async () => {
	await give_address(at(NEW), `${OLD}/25`)
	await commit('300')
	await dialog().getByRole('button', { name: 'Commit', exact: true }).click()
	await page.waitForURL(`${at(OLD)}/**`)
	await bar().getByRole('button', { name: 'Keep' }).waitFor()
	const other = await open_page(browser, {})
	other.expected.push(/ERR_/, /status of 401/)
	await other.goto(at(OLD))
	await other.getByLabel('User name').fill('admin')
	await other.getByLabel('Password').fill('a sentence is a good password 7')
	await other.getByRole('button', { name: 'Sign in' }).click()
	await other.locator('.bar').getByRole('button', { name: 'Go back' }).waitFor()
	await other.waitForTimeout(1500)
	await other.locator('.bar').getByRole('button', { name: 'Go back' }).click()
	await other.waitForURL(`${at(NEW)}/**`, { timeout: 60_000 })
	await other.locator('.frame').waitFor()
	await other.context().close()
	await page.goto(at(NEW))
	return is_back(NEW)
})

await check('without Keep from the new address the old one comes back, and the page with it', async () => {
	await give_address(at(NEW), `${OLD}/25`)
	await commit('30')
	await dialog().getByText(`This page goes on at ${at(OLD)}`).waitFor()
	await dialog().getByRole('button', { name: 'Commit', exact: true }).click()
	await page.waitForURL(`${at(OLD)}/**`)
	await bar().getByRole('button', { name: 'Keep' }).waitFor()
	for (let tries = 0; tries < 90 && !kernel().includes(`${NEW}/25`); tries++)
		await page.waitForTimeout(500)
	return [...await is_back(NEW), kernel().includes(`${OLD}/25`) && kernel()]
})

await check('the browser complained of nothing else', () => complaints_of(page))
await browser.close()
end()
