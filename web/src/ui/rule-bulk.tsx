// SPDX-License-Identifier: GPL-3.0-or-later
// What can be done with all chosen rules at once, and the questions it asks.
import { useState } from 'preact/hooks'
import { plural } from '../core/format'
import { Dialog, Menu } from './dialog'
import { Button, TextField } from './parts'

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
		<div class="bulk" role="toolbar" aria-label={`What to do with ${plural(count, 'chosen rule')}`}>
			<b class="bulk-count">{count} <span>chosen</span></b>
			<Button small kind="quiet" icon="check" onClick={() => deeds.enable(true)}>Enable</Button>
			<Button small kind="quiet" icon="pause" onClick={() => deeds.enable(false)}>Disable</Button>
			<Button small kind="quiet" icon="tag" onClick={deeds.tag}>Tag</Button>
			<Button small kind="quiet" icon="copy" onClick={deeds.clone}>Clone</Button>
			<Button small kind="quiet" icon="swap" onClick={deeds.move_to}>Move to …</Button>
			<Button small kind="quiet" icon="trash" class="bulk-bad" onClick={deeds.remove}>Delete</Button>
			<Menu label="More for the chosen rules" items={[
				{ text: 'Log their connections', icon: 'log', then: () => deeds.log(true) },
				{ text: 'Do not log', icon: 'x', then: () => deeds.log(false) },
				{ text: 'Accept', icon: 'accept', then: () => deeds.decide('accept') },
				{ text: 'Reject', icon: 'reject', then: () => deeds.decide('reject') },
				{ text: 'Drop', icon: 'drop', then: () => deeds.decide('drop') },
				{ text: 'Move up', icon: 'up', keys: 'Alt ↑', then: () => deeds.move('up') },
				{ text: 'Move down', icon: 'down', keys: 'Alt ↓', then: () => deeds.move('down') },
				{ text: 'To the top', icon: 'top', then: () => deeds.move('first') },
				{ text: 'To the bottom', icon: 'bottom', then: () => deeds.move('last') },
			]} />
			<Button small kind="quiet" icon="x" onClick={deeds.clear}>Clear</Button>
		</div>
	)
}

/** "Move to number …": the way for those who do not drag, and for long lists. */
export function MoveDialog({ what, count, onClose, onNumber }: { what: string; count: number; onClose: () => void; onNumber: (number: number) => void }) {
	const [text, set_text] = useState('')
	const number = Number(text)
	const wrong = text !== '' && !(Number.isInteger(number) && number >= 1 && number <= count)
	return (
		<Dialog title={`Move ${what}`} lead="Rules are asked from number 1 on; the first that matches decides." onClose={onClose}
			onSubmit={() => { if (text && !wrong) onNumber(number) }}
			actions={<><Button onClick={onClose}>Cancel</Button><Button kind="primary" type="submit" icon="swap" disabled={!text || wrong}>Move</Button></>}>
			<TextField label="To number" name="move-number" inputMode="numeric" value={text} onValue={set_text} error={wrong ? `A number from 1 to ${count}` : undefined}
				hint={`1 is the top, ${count} the bottom.`} />
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
		<Dialog title={`Tag ${what}`} lead="Words to find rules by. They change nothing of what a rule does." onClose={onClose}
			onSubmit={() => { if (!wrong) onTags(wish, gone) }}
			actions={<><Button onClick={onClose}>Cancel</Button><Button kind="primary" type="submit" icon="tag" disabled={Boolean(wrong) || wish.length + gone.length === 0}>Save tags</Button></>}>
			<TextField label="Add" name="tags" value={text} onValue={set_text} spellcheck={false} autoCapitalize="none" list="known-tags"
				error={wrong ? `“${wrong}” is no tag: small letters, digits and hyphens` : undefined} hint="Several are separated by spaces." />
			<datalist id="known-tags">{known.map(tag => <option key={tag} value={tag} />)}</datalist>
			{carried.length > 0 && <fieldset class="chips-field"><legend>Take away</legend><div class="chips">
				{carried.map(tag => <label key={tag} class="chip"><input type="checkbox" name="tag-gone" checked={gone.includes(tag)}
					onChange={event => set_gone(event.currentTarget.checked ? [...gone, tag] : gone.filter(one => one !== tag))} /><span>{tag}</span></label>)}
			</div></fieldset>}
		</Dialog>
	)
}

const GRAMMAR: [string, string][] = [
	['web shop', 'both words, in any part of the rule'],
	['"two words"', 'exactly these, one behind the other'],
	['action:drop', 'a field contains it: id, from, to, source, destination, service, action, tag, description, interface, schedule'],
	['to=dmz', 'a field is exactly this'],
	['service:http|dns', 'one of several'],
	['-from:lan', 'not this'],
	['pair:lan>wan', 'rules that may decide connections from lan to wan, “any” too'],
	['is:disabled', 'enabled, disabled, logged, limited, generated, changed, new, edited, moved, live, shadowed, unused'],
	['hits>1k', 'packets since it is there; also hits=0 and number<100'],
]

export function FilterHelp({ onClose, onTry }: { onClose: () => void; onTry: (text: string) => void }) {
	return (
		<Dialog title="How to search rules" lead="All that is typed must hold. Press an example to try it." onClose={onClose}>
			<dl class="grammar">{GRAMMAR.map(([example, text]) => <div key={example}>
				<dt><button type="button" class="grammar-try mono" onClick={() => onTry(example)}>{example}</button></dt><dd>{text}</dd></div>)}</dl>
		</Dialog>
	)
}

const KEYS: [string, string][] = [['↑ ↓ Home End', 'Go from rule to rule'], ['Enter or e', 'Edit the rule'], ['Space or x', 'Choose it; with Shift all from the last one'], ['Ctrl A, Escape', 'Choose all, none'],
	['Alt ↑, Alt ↓', 'Move it, or all that are chosen'], ['m', 'Move to a number'], ['d', 'Enable or disable'], ['n, N', 'New rule below, above'], ['F2', 'Change its description in place'],
	['c', 'Clone'], ['t', 'Tag'], ['Delete', 'Delete'], ['/', 'Search']]

export function Keys({ onClose }: { onClose: () => void }) {
	return (
		<Dialog title="Keys of this page" onClose={onClose}>
			<dl class="keys">{KEYS.map(([keys, text]) => <div key={keys}><dt><kbd>{keys}</kbd></dt><dd>{text}</dd></div>)}</dl>
		</Dialog>
	)
}
