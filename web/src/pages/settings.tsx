// SPDX-License-Identifier: GPL-3.0-or-later
// Any part of the configuration, drawn from the schema: "#/settings/firewall/groups" is a list, "#/settings/system" a form.
import '../css/settings.css'
import { useEffect, useState } from 'preact/hooks'
import { words_of } from '../core/api'
import { lists_below, form_node, is_list, noun_of, page_title, title_of, type FormNode } from '../core/schema'
import { place } from '../core/router'
import { t } from '../core/words'
import { Notice, Skeleton } from '../ui/parts'
import { ContainerForm } from './settings-form'
import { ListPage } from './settings-list'

/** Lists that have a page of their own, made by hand. */
const HAND_MADE: Record<string, string> = { '/firewall/rules': '#/rules' }
const address_of = (node: FormNode) => HAND_MADE[node.path] ?? '#/settings' + node.path

function Lists({ node }: { node: FormNode }) {
	const lists = lists_below(node)
	if (!lists.length)
		return null
	return (
		<ul class="list-links" aria-label={t('settings-lists-of', { name: title_of(node.name) })}>
			{lists.map(list => (
				<li key={list.path}><a class="card list-link" href={address_of(list)}>
					<b>{page_title(list)}</b><span>{list.description}</span>
				</a></li>
			))}
		</ul>
	)
}

function Crumbs({ nodes }: { nodes: FormNode[] }) {
	return nodes.length < 2 ? null : (
		<nav class="crumbs" aria-label={t('settings-where-this-is')}><ol>
			{nodes.slice(0, -1).map(node => <li key={node.path}><a href={'#/settings' + node.path}>{title_of(node.name)}</a></li>)}
			<li aria-current="page">{page_title(nodes[nodes.length - 1])}</li>
		</ol></nav>
	)
}

async function nodes_of(path: string) {
	const nodes: FormNode[] = []
	let at = ''
	for (const part of path.split('/').filter(Boolean)) {
		at += '/' + part
		const node = await form_node(at)
		if (!node)
			throw new Error(t('settings-there-is-no-setting', { at }))
		nodes.push(node)
		if (is_list(node))
			break
	}
	if (!nodes.length)
		throw new Error(t('settings-choose-a-part-of-the'))
	return nodes
}

export default function Settings() {
	const path = place.value.path
	const [nodes, set_nodes] = useState<FormNode[] | null>(null)
	const [error, set_error] = useState('')
	useEffect(() => {
		let wanted = true
		nodes_of(path).then(found => {
			if (wanted) {
				set_nodes(found)
				set_error('')
			}
		}, problem => {
			if (wanted) {
				set_nodes(null)
				set_error(words_of(problem))
			}
		})
		return () => { wanted = false }
	}, [path])
	const node = nodes?.at(-1)
	if (error)
		return <div class="page"><h1>{t('settings-settings')}</h1><Notice alert tone="warn" icon="info" title={error} /></div>
	if (!node)
		return <div class="page"><h1 class="unseen">{t('settings-settings')}</h1><Skeleton lines={8} /></div>
	return (
		<div class="page page-settings">
			<Crumbs nodes={nodes ?? []} />
			{is_list(node) ? <ListPage key={node.path} list={node} noun={noun_of(node)} /> : <>
				<ContainerForm key={node.path} node={node} />
				<Lists node={node} />
			</>}
		</div>
	)
}
