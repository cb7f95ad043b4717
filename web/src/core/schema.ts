// SPDX-License-Identifier: GPL-3.0-or-later
// What the appliance says about its own forms (GET /schema, generated from YANG). Read once.
import { get } from './api'

export interface FormNode {
	name: string
	kind?: string
	description?: string
	choices?: { value: string; description?: string }[]
	children?: FormNode[]
}

let wanted: Promise<FormNode[]> | null = null

/** The sections; an empty list when this box does not tell. */
function sections() {
	wanted ??= get<{ sections?: FormNode[] }>('/schema').then(body => body.sections ?? [], () => {
		wanted = null
		return []
	})
	return wanted
}

export async function form_node(path: string): Promise<FormNode | null> {
	let among: FormNode[] | undefined = await sections()
	let node: FormNode | undefined
	for (const part of path.split('/')) {
		node = among?.find(one => one.name === part)
		among = node?.children
	}
	return node ?? null
}

/** Services that are always there, beside those of the configuration. */
export const builtin_services = async () => (await form_node('firewall/rules/service'))?.choices?.map(choice => choice.value) ?? []
