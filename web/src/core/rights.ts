// SPDX-License-Identifier: GPL-3.0-or-later
// What this session may edit of a part of the configuration, asked where a form is drawn. The appliance judges each write again.
import { useEffect, useState } from 'preact/hooks'
import { get } from './api'
import type { FormNode } from './schema'
import { may_edit, session } from './store'

type Reach = 'nothing' | 'something' | 'everything'
interface Answer {
	rights: { right: string; allowed: boolean; below: Reach }[]
}

const asked = new Map<string, Promise<Reach>>()
let asked_for = ''		// whose answers they are

function reach_of(path: string): Promise<Reach> {
	const who = `${session.value?.user} ${session.value?.role} ${session.value?.csrf}`
	if (who !== asked_for) {
		asked.clear()
		asked_for = who
	}
	let answer = asked.get(path)
	if (!answer) {
		answer = get<Answer>(`/session/rights?path=${encodeURIComponent(path)}`).then(body => {
			const one = body.rights.find(right => right.right === 'configuration:edit')
			return one?.below ?? 'nothing'
		}, () => may_edit.value ? 'everything' : 'nothing')
		asked.set(path, answer)
	}
	return answer
}

/** The paths below `at` that are not to be edited; the whole of it as itself. Entries of lists inside it are judged with their list. */
async function closed_below(node: FormNode, at: string, found: Set<string>) {
	const reach = await reach_of(at)
	if (reach === 'nothing')
		found.add(at)
	else if (reach === 'something' && node.kind !== 'leaf' && node.kind !== 'leaf-list')
		await Promise.all((node.children ?? []).filter(child => child.kind !== 'list').map(child => closed_below(child, `${at}/${child.name}`, found)))
	return found
}

/** Those paths as a form names its fields: "keeper-password". */
export const fields_of = (closed: Set<string>, base: string) => new Set([...closed].filter(path => path.startsWith(base + '/')).map(path => path.slice(base.length + 1).replaceAll('/', '-')))

export interface Editable {
	any: boolean			// may anything of it be edited?
	closed: Set<string>		// paths of what may not
}

/** What of the node at this path may be edited: nothing until it is known. */
export function useEditable(node: FormNode, at: string): Editable {
	const [state, set_state] = useState<Editable>({ any: false, closed: new Set() })
	const who = session.value
	useEffect(() => {
		let wanted = true
		if (!may_edit.value) {
			set_state({ any: false, closed: new Set([at]) })
			return
		}
		void closed_below(node, at, new Set()).then(closed => wanted && set_state({ any: !closed.has(at), closed }))
		return () => { wanted = false }
	}, [node, at, who])
	return state
}
