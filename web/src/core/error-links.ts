// SPDX-License-Identifier: GPL-3.0-or-later
// Where a person can put an error right: the form of the object that it is about, with the focus on its field.
import { useEffect, useState } from 'preact/hooks'
import { address } from './router'
import { field_of, RULE_LISTS, type RuleList } from './rules'
import { is_list, sections, type FormNode } from './schema'
import type { FieldError } from './types'

function link_of(nodes: FormNode[], error: FieldError) {
	const parts = (error.pointer ?? '').split('/').slice(1).map(part => part.replace(/~1/g, '/').replace(/~0/g, '~'))
	const [section, list, id] = parts
	if (section === 'firewall' && RULE_LISTS.includes(list as RuleList) && id)
		return address('rules', { ...list !== 'rules' && { list }, edit: id, field: field_of(error, id) })
	const field = (from: number): Record<string, string> => {
		const inner = parts.slice(from).filter(part => !/^\d+$/.test(part)).join('-')
		return inner ? { field: inner } : {}
	}
	let among: FormNode[] | undefined = nodes
	for (const [at, part] of parts.entries()) {
		const node: FormNode | undefined = among?.find(one => one.name === part)
		if (node && is_list(node))
			return address('settings' + node.path, parts.length > at + 1 ? { edit: parts[at + 1], ...field(at + 2) } : {})
		among = node?.children
	}
	return nodes.some(one => one.name === section) ? address(`settings/${section}`, field(1)) : null
}

/** Without the schema only rules have one. */
export function useErrorLinks() {
	const [nodes, set_nodes] = useState<FormNode[]>([])
	useEffect(() => void sections().then(set_nodes), [])
	return (error: FieldError) => link_of(nodes, error)
}
