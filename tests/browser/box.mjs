// SPDX-License-Identifier: GPL-3.0-or-later
// The pages that run the box, against the suite in the lab: processes as the kernel has them, a backup and what of it one takes back, secrets,
// drift that somebody made, two people who change the same thing, the API explorer.
//   BASE_URL=... CLAIM_CODE=... DRIFT='command that changes a link past the configuration' [SCREENSHOTS=DIR] node box.mjs
import { execSync } from 'node:child_process'
import { by_keyboard, check_axe, claim, complaints_of, make_checks, open_page, overflow, picture, settle, shoot, SIZES, start_browser } from './look.mjs'

const url = process.env.BASE_URL.replace(/\/$/, '')
const { check, end } = make_checks()
const browser = await start_browser()
const page = await open_page(browser, { url })
const go = name => page.goto(`${url}/#/${name}`).then(() => page.locator('main h1').waitFor())
const dialog = () => page.locator('dialog[open]')
const { type_into, press, toggle } = by_keyboard(page)
const api = (method, where, body, headers = {}) => page.evaluate(async ([how, at, what, more]) => {
	const session = await (await fetch('/api/v1/session')).json()
	const response = await fetch('/api/v1' + at, { method: how, headers: { 'Content-Type': 'application/json', 'Patronus-CSRF': session.csrf, ...more }, body: what ? JSON.stringify(what) : undefined })
	return { status: response.status, etag: response.headers.get('ETag'), body: response.headers.get('Content-Type')?.includes('json') ? await response.json() : null }
}, [method, where, body, headers])
const running = where => api('GET', '/configuration' + where).then(answer => answer.body)

async function change(where, body, workspace) {
	const { etag } = await api('GET', '/configuration' + where, undefined, workspace ? { 'Patronus-Workspace': workspace } : {})
	return api('PATCH', '/configuration' + where, body, { 'If-Match': etag, ...workspace ? { 'Patronus-Workspace': workspace } : {} })
}

async function commit() {
	await page.getByRole('button', { name: 'Commit', exact: true }).click()
	const ask = dialog().getByRole('switch')
	if (await ask.isChecked())
		await ask.locator('xpath=..').click()
	await dialog().getByRole('button', { name: 'Commit', exact: true }).click()
	await dialog().waitFor({ state: 'detached' })
}

await claim(page, url)

await check('every process is shown with its confinement, as the kernel has it', async () => {
	await go('system')
	const table = page.getByRole('table', { name: 'Processes and their confinement' })
	const row = table.getByRole('row').filter({ hasText: '_patronus-conf' })
	await row.getByText('confined', { exact: true }).waitFor()
	const { body } = await api('GET', '/state/processes')
	const shown = await table.locator('tbody tr').count()
	await shoot(page, 'system')
	return [shown !== body.processes.length && `${shown} rows for ${body.processes.length} processes`,
		await table.getByText('no seccomp filter').count() > 0 && 'a process has no filter']
})

await check('by keyboard alone: a backup is made, looked into, and a section of it is taken back', async () => {
	await go('backups')
	await press(/^New backup/)
	for (let tries = 0; tries < 20 && await page.evaluate(() => document.activeElement.name) !== 'backup-passphrase'; tries++)
		await page.keyboard.press('Tab')
	await page.keyboard.type('correct horse battery')
	await type_into(/^Passphrase again/, 'correct horse battery')
	await press(/^Make backup/)
	await page.getByText('The backup is made').waitFor()
	const zone = await running('/system/time-zone')
	await change('/system', { 'time-zone': 'Asia/Tokyo' })
	await api('POST', '/configuration/firewall/groups', { name: 'after-the-backup', addresses: ['192.0.2.99'] })
	await press(/^Restore /)
	for (let tries = 0; tries < 20 && await page.evaluate(() => document.activeElement.name) !== 'restore-secret'; tries++)
		await page.keyboard.press('Tab')
	await page.keyboard.type('correct horse battery')
	await page.keyboard.press('Enter')
	await dialog().getByText('revision').first().waitFor()
	await shoot(page, 'restore-look')
	await press(/^Show what would change/)
	await dialog().getByRole('heading', { name: 'What would change' }).waitFor()
	await toggle(/^firewall$/, 'Shift+Tab')
	await shoot(page, 'restore-preview')
	const wrong = await check_axe(page, 'restore')
	await press(/^Take into the pending changes/)
	await page.getByRole('heading', { name: 'Pending changes' }).waitFor()
	await page.getByText('Valid: the appliance can do this').waitFor()
	await commit()
	await page.getByText(/Revision \d+ is in force/).first().waitFor()
	const now = await running('/system/time-zone')
	const kept = (await running('/firewall/groups')).some(group => group.name === 'after-the-backup')
	return [...wrong, now !== zone && `the time zone is ${now}, in the backup it was ${zone}`, !kept && 'a section that was not chosen was taken back']
})

await check('what two people changed is shown on three sides, one decides, and it goes on', async () => {
	await api('POST', '/configuration/firewall/groups', { name: 'both', addresses: ['192.0.2.1'], description: 'before' })
	const { body: home } = await api('POST', '/workspaces', {})
	await change('/firewall/groups/both', { description: 'mine' }, home.id)
	await change('/firewall/groups/both', { description: 'theirs' })
	await page.reload()
	await go('pending')
	await page.getByRole('button', { name: /Bring them onto revision/ }).click()
	const clash = page.getByRole('group', { name: 'One object was changed by both of you' })
	await clash.waitFor()
	for (const words of ['before', 'mine', 'theirs'])
		await clash.locator('.sides').getByText(words, { exact: true }).waitFor()
	await shoot(page, 'conflict')
	const wrong = await check_axe(page, 'conflict')
	if (await clash.getByRole('button', { name: 'Resolve and go on' }).isEnabled())
		wrong.push('it can go on undecided')
	await clash.getByRole('radio', { name: 'Mine' }).locator('xpath=..').click()
	await clash.getByRole('button', { name: 'Resolve and go on' }).click()
	await page.getByText('Your changes stand on what runs now').waitFor()
	await page.getByText('Valid: the appliance can do this').waitFor()
	await commit()
	await page.getByText(/Revision \d+ is in force/).first().waitFor()
	const now = (await running('/firewall/groups/both')).description
	return [...wrong, now !== 'mine' && `it is "${now}" now`]
})

await check('the secrets page says what protects them, and makes a new data key', async () => {
	await go('secrets')
	await page.getByText('not protected').first().waitFor()
	await page.getByRole('button', { name: 'New data key' }).click()
	await page.getByText('A new data key is made').waitFor()
	await page.getByRole('button', { name: 'Change the protection' }).click()
	await dialog().locator('[name=protection][value=passphrase]').check({ force: true })
	await dialog().locator('[name=vault-passphrase]').fill('written on a paper')
	await dialog().locator('[name=vault-again]').fill('written on a paper')
	await shoot(page, 'protect')
	await dialog().getByRole('button', { name: 'Protect so' }).click()
	await page.getByText('protected', { exact: true }).waitFor()
	await shoot(page, 'secrets')
	const { body } = await api('GET', '/vault')
	return body.protection === 'passphrase' && body.protected ? '' : `the vault says ${JSON.stringify(body)}`
})

await check('the TPM keeps the key: after another boot it does not release it, and the recovery passphrase opens', async () => {
	const vault = async () => (await api('GET', '/vault')).body
	const restart = async () => {		// of the process that has the key
		const { pid } = (await api('GET', '/state/processes')).body.processes.find(one => one.name === 'confd')
		page.expected.push(/status of 50[0-9]/, /net::ERR_/)
		execSync(`kill -9 ${pid}`)
		for (let tries = 0, now = pid; now === pid; tries++) {
			if (tries === 100)
				throw new Error('confd did not start again')
			await page.waitForTimeout(100)
			now = (await api('GET', '/state/processes').catch(() => null))?.body?.processes?.find(one => one.name === 'confd')?.pid ?? pid
		}
		await page.reload()
		await page.locator('.facts').waitFor()
	}
	await page.getByRole('button', { name: 'Change the protection' }).click()
	await dialog().locator('[name=protection][value=tpm]').check({ force: true })
	await dialog().getByLabel('Boot registers').selectOption('7')
	await dialog().locator('[name=vault-passphrase]').fill('the words on the card')
	await dialog().locator('[name=vault-again]').fill('the words on the cart')
	const wrong = [await dialog().getByRole('button', { name: 'Protect so' }).isEnabled() && 'two passphrases that differ are taken']
	await dialog().locator('[name=vault-again]').fill('the words on the card')
	await shoot(page, 'protect-tpm')
	wrong.push(...await check_axe(page, 'the form of the TPM', 'dialog[open]'))
	await dialog().getByRole('button', { name: 'Protect so' }).click()
	await dialog().getByText('PCR 7 (SHA-256) is blank').waitFor()		// nothing has measured a boot yet
	execSync(process.env.TPM_EXTEND)
	await dialog().getByRole('button', { name: 'Protect so' }).click()
	await page.getByText('PCR 7', { exact: true }).waitFor()
	const first = await vault()
	await restart()
	const second = await vault()
	execSync(process.env.TPM_EXTEND)
	await restart()
	await page.getByText('PCR 7 changed').waitFor()
	for (const [mode, how] of [['dark', { dark: true }], ['phone', { phone: true }], ['light', {}]]) {
		await page.emulateMedia({ colorScheme: how.dark ? 'dark' : 'light' })
		await page.setViewportSize(how.phone ? SIZES.phone : SIZES.wide)
		wrong.push(...await check_axe(page, `locked secrets, ${mode}`), await overflow(page))
		await shoot(page, `secrets-locked-${mode}`)
		if (mode !== 'dark')
			await picture(page, `secrets-locked-${mode}`)
	}
	page.expected.push(/status of 40[39].*\/vault\/unlock/)
	await page.getByRole('button', { name: 'Ask the TPM again' }).click()
	await page.locator('.field-error').waitFor()
	await page.getByLabel('Recovery passphrase').fill('the words on the cart')
	await page.getByRole('button', { name: 'Unlock' }).click()
	await page.waitForTimeout(300)
	wrong.push(!(await vault()).locked && 'a wrong passphrase opens')
	await page.getByLabel('Recovery passphrase').fill('the words on the card')
	await page.getByRole('button', { name: 'Unlock' }).click()
	await page.getByText('The secrets are open').waitFor()
	return [...wrong, (first.protection !== 'tpm' || first.pcrs !== '7' || !first.protected || first.locked) && `protected: ${JSON.stringify(first)}`, second.locked && `after a restart: ${JSON.stringify(second)}`,
		(await vault()).locked && 'it is locked still']
})

await check('the kernel is compared, and what somebody changed past the configuration is found and put back', async () => {
	await go('drift')
	await page.getByRole('button', { name: 'Compare now' }).click()
	await page.getByText(/The kernel is revision \d+/).waitFor()
	execSync(process.env.DRIFT)
	const found = page.getByRole('group', { name: 'What was found' }).locator('tbody tr')
	await found.first().waitFor({ timeout: 20000 })
	await shoot(page, 'drift')
	return check_axe(page, 'drift')
})

const ENTRIES = 100000
await check('a file of entries is uploaded from the menu of its list, and the kernel has them; one with a fault is told by its line', async () => {
	for (const [list, value] of [['lists', { name: 'visitors', source: 'upload' }], ['groups', { name: 'visitors', lists: ['visitors'] }],
		['rules', { id: 'visitors', from: ['lan'], to: ['wan'], destination: { group: ['visitors'] }, action: 'drop' }]]) {
		const { status, body } = await api('POST', `/configuration/firewall/${list}`, value)
		if (status >= 300)
			return JSON.stringify(body)
	}
	await go('settings/firewall/lists')
	const upload = async text => {
		await page.getByRole('row').filter({ hasText: 'visitors' }).locator('.menu-button, [aria-haspopup=menu]').click()
		const [chooser] = await Promise.all([page.waitForEvent('filechooser'), page.getByRole('menuitem', { name: 'Upload a file of entries' }).click()])
		await chooser.setFiles({ name: 'visitors.txt', mimeType: 'text/plain', buffer: Buffer.from(text) })
	}
	page.expected.push(/status of 422/)
	await upload('203.0.113.10\n\n203.0.113.300\n')
	await page.getByText(/line 3 is no address/).waitFor()
	await shoot(page, 'upload-refused')
	const before = execSync(process.env.KERNEL, { maxBuffer: 1 << 27 }).toString()
	const sent = page.getByText(/visitors.txt: \d+ % are at the appliance/).waitFor()
	await upload(Array.from({ length: ENTRIES }, (_, at) => `2001:db8:99:1::${(at >> 15).toString(16)}:${(2 * at & 0xffff).toString(16)}`).join('\n'))
	await sent
	await shoot(page, 'upload')
	await page.getByText('visitors.txt is in force as visitors').waitFor({ timeout: 60000 })
	const has = execSync(process.env.KERNEL, { maxBuffer: 1 << 27 }).toString().match(/2001:db8:99:1::[0-9a-f:]*/g)?.length ?? 0
	return [before.includes('203.0.113.10') && 'entries of the refused file are in the kernel', has !== ENTRIES && `the kernel has ${has} of ${ENTRIES}`]
})

await check('the explorer finds a call, shows it as curl, and makes it', async () => {
	await go('api')
	await page.getByRole('searchbox').fill('verification kernel')
	await page.getByRole('searchbox').fill('get status')
	await page.getByRole('list', { name: 'Calls' }).getByRole('button').filter({ hasText: /^GET\/status/ }).click()
	await page.locator('pre').filter({ hasText: 'curl' }).filter({ hasText: '/api/v1/status' }).waitFor()
	await page.getByRole('button', { name: 'Make this call' }).click()
	await page.getByText('200').first().waitFor()
	await page.locator('pre').filter({ hasText: '"hostname"' }).waitFor()
	await shoot(page, 'api')
	await page.getByRole('searchbox').fill('post workspaces candidate')
	await page.getByRole('list', { name: 'Calls' }).getByRole('button').first().click()
	const before = (await api('GET', '/workspaces')).body.workspaces.length
	await page.getByRole('button', { name: 'Make this call' }).click()
	await page.getByText(/^201/).waitFor()
	const after = (await api('GET', '/workspaces')).body.workspaces.length
	return after === before + 1 ? '' : `there are ${after} workspaces, and were ${before}`
})

for (const [mode, how] of [['light', {}], ['dark', { dark: true }], ['phone', { size: 'phone' }]]) {
	await check(`axe finds nothing on them, and nothing scrolls sideways: ${mode}`, async () => {
		const wrong = []
		const view = await open_page(browser, { url, ...how, storage: await page.context().storageState() })
		await view.goto(url)
		await view.locator('.frame').waitFor()
		for (const name of ['system', 'backups', 'secrets', 'drift', 'api?call=GET+%2Fstatus', 'pending']) {
			await view.goto(`${url}/#/${name}`)
			await view.locator('main h1').waitFor()
			await settle(view)
			await shoot(view, `${name.split('?')[0]}-${mode}`)
			const wide = await overflow(view)
			wrong.push(...await check_axe(view, name), wide && `${name} scrolls sideways: ${wide}`)
		}
		await view.context().close()
		return wrong
	})
}

await check('the browser complained of nothing', () => complaints_of(page).filter(text => !/status of (404|409|423)/.test(text)))
await browser.close()
end()
