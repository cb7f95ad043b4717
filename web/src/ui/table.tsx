// SPDX-License-Identifier: GPL-3.0-or-later
// A plain table that becomes a list of cards on a narrow screen. The roles are written out because CSS that changes `display` takes them away.
import '../css/table.css'
import type { ComponentChildren } from 'preact'

export interface TableColumn<T> {
	key: string
	text: string
	end?: boolean
	head?: boolean		// names the row
	cell: (row: T) => ComponentChildren
}

export function Table<T>({ label, columns, rows, keyOf, class: extra = '' }: { label: string; columns: TableColumn<T>[]; rows: T[]
		keyOf: (row: T, at: number) => string; class?: string }) {
	return (
		<div class="table-box" role="region" aria-label={label} tabIndex={0}>
			<table class={`table ${extra}`} role="table" aria-label={label}>
				<thead role="rowgroup"><tr role="row">
					{columns.map(column => <th key={column.key} role="columnheader" scope="col" class={column.end ? 'cell-end' : ''}>{column.text}</th>)}
				</tr></thead>
				<tbody role="rowgroup">
					{rows.map((row, at) => (
						<tr key={keyOf(row, at)} role="row">
							{columns.map(column => column.head
								? <th key={column.key} role="rowheader" scope="row" class="cell-name">{column.cell(row)}</th>
								: <td key={column.key} role="cell" class={column.end ? 'cell-end' : ''}>
									<span class="cell-label" aria-hidden="true">{column.text}</span><span class="cell-value">{column.cell(row)}</span>
								</td>)}
						</tr>
					))}
				</tbody>
			</table>
		</div>
	)
}
