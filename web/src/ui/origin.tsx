// SPDX-License-Identifier: GPL-3.0-or-later
// Where an address is from, as the databases of the box say: the country's code and the number of the autonomous system.
import '../css/word.css'
import '../css/origin.css'
import { language, t } from '../core/words'

const names = new Map<string, Intl.DisplayNames>()

/** "Germany" for DE, in the language of the page; the code itself when nobody has a name for it. */
export function country_name(code: string) {
	let known = names.get(language.value)
	if (!known)
		names.set(language.value, known = new Intl.DisplayNames([language.value], { type: 'region', fallback: 'code' }))
	try {
		return known.of(code) ?? code
	} catch {
		return code
	}
}

export type Origin = 'country' | 'autonomous-system'

/** Both, each a button when somebody wants to know of it. */
export function Origins({ country, system, onPick }: { country?: string; system?: number; onPick?: (what: Origin, value: string) => void }) {
	const told: [Origin, string, string, string][] = []
	if (country)
		told.push(['country', country, country, country_name(country)])
	if (system)
		told.push(['autonomous-system', String(system), `AS${system}`, t('packets-system', { number: String(system) })])
	return told.length === 0 ? null : (
		<span class="origins">{told.map(([what, value, text, name]) => onPick
			? <button key={what} type="button" class="word origin" tabIndex={-1} title={t('packets-only-origin', { name })} onClick={() => onPick(what, value)}>{text}</button>
			: <abbr key={what} class="origin" title={name}>{text}</abbr>)}</span>
	)
}
