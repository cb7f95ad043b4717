// SPDX-License-Identifier: GPL-3.0-or-later
// What the box is called, and the time zone in which it shows times. The zone of the browser is proposed: who sets a box up is mostly near it.
import { useMemo, useState } from 'preact/hooks'
import { Problem } from '../core/api'
import { write } from '../core/setup'
import { now } from '../core/store'
import type { FieldError } from '../core/types'
import { language, t } from '../core/words'
import { Icon } from '../ui/icon'
import { Button, TextField } from '../ui/parts'
import { Failure, useWrite } from './setup-parts'
import type { StepProps } from './setup'

const HERE = Intl.DateTimeFormat().resolvedOptions().timeZone

function clock_in(zone: string) {
	try {
		return new Date(now.value).toLocaleTimeString(language.value, { timeZone: zone, hour: '2-digit', minute: '2-digit' })
	} catch {
		return ''		// this browser does not know it; the appliance judges
	}
}

/** All zones by some letters of their name: a list of which one is chosen, under the field that searches it. */
function Zones({ value, onValue }: { value: string; onValue: (zone: string) => void }) {
	const [text, set_text] = useState('')
	const all = useMemo(() => [...new Set([HERE, 'UTC', ...Intl.supportedValuesOf('timeZone')])].filter(Boolean), [])
	const words = text.toLowerCase().split(/[\s/_]+/).filter(Boolean)
	const begins = (zone: string) => zone.toLowerCase().split(/[/_]/).some(part => part.startsWith(words[0] ?? ''))
	const fits = all.filter(zone => words.every(word => zone.toLowerCase().includes(word)))
	const found = [...fits.filter(begins), ...fits.filter(zone => !begins(zone))]
	const shown = found.includes(value) ? found : [value, ...found]
	return (
		<fieldset class="setup-zones">
			<legend>{t('setup-time-zone')}</legend>
			<label class="search"><Icon name="search" size={16} /><span class="unseen">{t('setup-search-zones')}</span>
				<input type="search" name="zone-search" value={text} placeholder={t('setup-search-zones')} autoComplete="off" spellcheck={false}
					onInput={event => set_text(event.currentTarget.value)} onKeyDown={event => {
						if (event.key !== 'Enter' || !found.length)
							return
						event.preventDefault()		// the best one, not the form
						onValue(found[0])
					}} /></label>
			<div class="setup-zone-list" role="radiogroup" aria-label={t('setup-time-zone')}>
				{shown.map(zone => (
					<label key={zone} class="setup-zone"><input type="radio" name="time-zone" value={zone} checked={zone === value} onChange={() => onValue(zone)} />
						<span>{zone.replace(/_/g, ' ')}{zone === HERE && <small> {t('setup-of-this-browser')}</small>}</span><small>{clock_in(zone)}</small></label>
				))}
			</div>
			<p class="field-hint" role="status">{t('setup-zones-found', { count: found.length, zone: value })}</p>
		</fieldset>
	)
}

export function Names({ draft, onward }: StepProps) {
	const [hostname, set_hostname] = useState(draft.system.hostname ?? 'patronus')
	const [zone, set_zone] = useState(draft.system['time-zone'] ?? HERE ?? 'UTC')
	const { busy, error, save, forget } = useWrite(() => write([{ op: 'patch', path: '/system', value: { hostname: hostname.trim(), 'time-zone': zone } }]), onward)
	const told = error instanceof Problem ? error.errors.find((one: FieldError) => one.pointer?.endsWith('/hostname') || one.path?.endsWith('hostname'))?.text : undefined
	return (
		<form noValidate onSubmit={event => { event.preventDefault(); void save() }}>
			<div class="setup-part">
				<Failure error={told ? null : error} />
				<TextField label={t('setup-hostname')} name="hostname" value={hostname} onValue={text => { set_hostname(text); forget() }} hint={t('setup-hostname-hint')} error={told} mono autoComplete="off" autoCapitalize="none" spellcheck={false} maxLength={253} />
				<Zones value={zone} onValue={set_zone} />
			</div>
			<footer class="setup-foot"><Button kind="primary" type="submit" icon="arrow" busy={busy} disabled={!hostname.trim()}>{t('shell-continue')}</Button></footer>
		</form>
	)
}
