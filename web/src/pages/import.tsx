// SPDX-License-Identifier: GPL-3.0-or-later
// Another configuration into the pending changes of a box that is set up.
import { signal } from '@preact/signals'
import { may_edit, workspace } from '../core/store'
import type { Account } from '../core/import'
import { t } from '../core/words'
import { AccountTable, ImportForm } from '../ui/import'
import { Card, Empty, Notice, PageHead } from '../ui/parts'

/* What was taken last; it stays while one looks at the pending changes and comes back. */
const taken = signal<{ id: string; account: Account | null } | null>(null)

export default function Import() {
	const last = taken.value?.id === workspace.value?.id ? taken.value : null		// committed or discarded, it is over
	return (
		<div class="page">
			<PageHead title={t('import-title')} lead={t('import-lead')} />
			{!may_edit.value ? <Card><Empty icon="lock" title={t('import-read-only')} /></Card>
				: <Card title={t('import-from')} icon="down"><ImportForm asks onTaken={now => { taken.value = now && { id: workspace.value?.id ?? '', account: now.account } }} /></Card>}
			<div role="status">{last && <Notice tone="good" icon="check" title={t('import-taken')} actions={<a class="button button-plain" href="#/pending">{t('import-review')}</a>}><p>{t('import-taken-more')}</p></Notice>}</div>
			{last?.account && <Card title={t('import-account')} icon="log"><AccountTable account={last.account} /></Card>}
		</div>
	)
}
