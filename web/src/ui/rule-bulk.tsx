// SPDX-License-Identifier: GPL-3.0-or-later
// What can be done with all chosen rules at once, and the questions it asks.
import { useState } from 'preact/hooks'
import { has_single_keys } from '../core/keys'
import { prefer } from '../core/preferences'
import { msg, t, T } from '../core/words'
import { Dialog, Menu } from './dialog'
import { Button, Switch, TextField } from './parts'

export interface BulkDeeds {
	enable: (on: boolean) => void
	log: (on: boolean) => void
	decide: (action: string) => void
	tag: () => void
	clone: () => void
	move: (where: 'up' | 'down' | 'first' | 'last') => void
	move_to: () => void
	remove: () => void
	clear: () => void
}

export function BulkBar({ count, deeds }: { count: number; deeds: BulkDeeds }) {
	return (
		<div class="bulk" role="toolbar" aria-label={t('rules-what-to-do', { count })}>
			<b class="bulk-count"><T id="rules-count-chosen" args={{ count }} /></b>
			<Button small kind="quiet" icon="check" onClick={() => deeds.enable(true)}>{t('rules-enable')}</Button>
			<Button small kind="quiet" icon="pause" onClick={() => deeds.enable(false)}>{t('rules-disable')}</Button>
			<Button small kind="quiet" icon="tag" onClick={deeds.tag}>{t('rules-tag')}</Button>
			<Button small kind="quiet" icon="copy" onClick={deeds.clone}>{t('rules-clone')}</Button>
			<Button small kind="quiet" icon="swap" onClick={deeds.move_to}>{t('rules-move-to')}</Button>
			<Button small kind="quiet" icon="trash" class="bulk-bad" onClick={deeds.remove}>{t('rules-delete')}</Button>
			<Menu label={t('rules-more-chosen')} items={[
				{ text: t('rules-log-connections'), icon: 'log', then: () => deeds.log(true) },
				{ text: t('rules-do-not-log'), icon: 'x', then: () => deeds.log(false) },
				{ text: t('rules-accept'), icon: 'accept', then: () => deeds.decide('accept') },
				{ text: t('rules-reject'), icon: 'reject', then: () => deeds.decide('reject') },
				{ text: t('rules-drop'), icon: 'drop', then: () => deeds.decide('drop') },
				{ text: t('rules-move-up'), icon: 'up', keys: 'Alt ↑', then: () => deeds.move('up') },
				{ text: t('rules-move-down'), icon: 'down', keys: 'Alt ↓', then: () => deeds.move('down') },
				{ text: t('rules-to-top'), icon: 'top', then: () => deeds.move('first') },
				{ text: t('rules-to-bottom'), icon: 'bottom', then: () => deeds.move('last') },
			]} />
			<Button small kind="quiet" icon="x" onClick={deeds.clear}>{t('rules-clear')}</Button>
		</div>
	)
}

/** "Move to number …": the way for those who do not drag, and for long lists. */
export function MoveDialog({ what, count, onClose, onNumber }: { what: string; count: number; onClose: () => void; onNumber: (number: number) => void }) {
	const [text, set_text] = useState('')
	const number = Number(text)
	const wrong = text !== '' && !(Number.isInteger(number) && number >= 1 && number <= count)
	return (
		<Dialog title={t('rules-move-title', { what })} lead={t('rules-move-lead')} onClose={onClose}
			onSubmit={() => { if (text && !wrong) onNumber(number) }}
			actions={<><Button onClick={onClose}>{t('word-cancel')}</Button><Button kind="primary" type="submit" icon="swap" disabled={!text || wrong}>{t('rules-move')}</Button></>}>
			<TextField label={t('rules-to-number')} name="move-number" inputMode="numeric" value={text} onValue={set_text} error={wrong ? t('rules-number-wrong', { count }) : undefined}
				hint={t('rules-number-hint', { count })} />
		</Dialog>
	)
}

const TAG = /^[a-z0-9][a-z0-9-]{0,62}$/

export function TagDialog({ what, known, carried, onClose, onTags }: { what: string; known: string[]; carried: string[]; onClose: () => void
		onTags: (add: string[], remove: string[]) => void }) {
	const [text, set_text] = useState('')
	const [gone, set_gone] = useState<string[]>([])
	const wish = text.split(/[\s,]+/).filter(Boolean)
	const wrong = wish.find(tag => !TAG.test(tag))
	return (
		<Dialog title={t('rules-tag-title', { what })} lead={t('rules-tag-lead')} onClose={onClose}
			onSubmit={() => { if (!wrong) onTags(wish, gone) }}
			actions={<><Button onClick={onClose}>{t('word-cancel')}</Button><Button kind="primary" type="submit" icon="tag" disabled={Boolean(wrong) || wish.length + gone.length === 0}>{t('rules-save-tags')}</Button></>}>
			<TextField label={t('rules-tag-add')} name="tags" value={text} onValue={set_text} spellcheck={false} autoCapitalize="none" list="known-tags"
				error={wrong ? t('rules-no-tag', { tag: wrong }) : undefined} hint={t('rules-several')} />
			<datalist id="known-tags">{known.map(tag => <option key={tag} value={tag} />)}</datalist>
			{carried.length > 0 && <fieldset class="chips-field"><legend>{t('rules-take-away')}</legend><div class="chips">
				{carried.map(tag => <label key={tag} class="chip"><input type="checkbox" name="tag-gone" checked={gone.includes(tag)}
					onChange={event => set_gone(event.currentTarget.checked ? [...gone, tag] : gone.filter(one => one !== tag))} /><span>{tag}</span></label>)}
			</div></fieldset>}
		</Dialog>
	)
}

/** What one types, what it does, and which names may stand there: those are the same in every language. */
const GRAMMAR: [string, string, string?][] = [
	['web shop', msg('rules-grammar-both')],
	['"two words"', msg('rules-grammar-exactly')],
	['action:drop', msg('rules-grammar-field'), 'id, from, to, source, destination, service, action, tag, description, interface, schedule'],
	['to=dmz', msg('rules-grammar-is')],
	['service:http|dns', msg('rules-grammar-one-of')],
	['-from:lan', msg('rules-grammar-not')],
	['pair:lan>wan', msg('rules-grammar-pair')],
	['is:disabled', msg('rules-grammar-state'), 'enabled, disabled, logged, limited, generated, changed, new, edited, moved, live, shadowed, unused'],
	['hits=0', msg('rules-grammar-never'), 'hits>1k, number<100'],
	['last>90d', msg('rules-grammar-last'), 'last<1h, first<7d, since>4w'],
]

export function FilterHelp({ onClose, onTry }: { onClose: () => void; onTry: (text: string) => void }) {
	return (
		<Dialog title={t('rules-help-title')} lead={t('rules-help-lead')} onClose={onClose}>
			<dl class="grammar">{GRAMMAR.map(([example, text, names]) => <div key={example}>
				<dt><button type="button" class="grammar-try mono" onClick={() => onTry(example)}><code>{example}</code></button></dt><dd><T id={text} parts={names ? { names: <code>{names}</code> } : {}} /></dd></div>)}</dl>
		</Dialog>
	)
}

/** What always works, and the letters and signs that do while single keys are on. */
const KEYS: [string, string][] = [[msg('rules-keys-walk'), msg('rules-keys-walk-does')], [msg('rules-keys-enter'), msg('rules-keys-edit')], [msg('rules-keys-space'), msg('rules-keys-choose')],
	[msg('rules-keys-all'), msg('rules-keys-all-does')], [msg('rules-keys-alt'), msg('rules-keys-move')], ['F2', msg('rules-keys-inline')], [msg('rules-keys-delete'), msg('rules-delete')]]
const SINGLE_KEYS: [string, string][] = [['e', msg('rules-keys-edit')], ['x, X', msg('rules-keys-choose')], ['m', msg('rules-keys-number')], ['d', msg('rules-keys-toggle')], ['n, N', msg('rules-keys-new')],
	['c', msg('rules-clone')], ['t', msg('rules-tag')], ['/', msg('rules-search')], ['?', msg('rules-keys')]]

export function Keys({ onClose }: { onClose: () => void }) {
	const on = has_single_keys()
	const rows = (some: [string, string][]) => some.map(([keys, text]) => <div key={keys}><dt><kbd>{t(keys)}</kbd></dt><dd>{t(text)}</dd></div>)
	return (
		<Dialog title={t('rules-keys')} onClose={onClose}>
			<dl class="keys">{rows(KEYS)}</dl>
			<Switch label={t('rules-keys-single')} hint={t('rules-keys-single-hint')} on={on} onChange={next => void prefer({ 'single-keys': next ? null : false })} />
			{on && <dl class="keys">{rows(SINGLE_KEYS)}</dl>}
		</Dialog>
	)
}
