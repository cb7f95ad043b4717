// SPDX-License-Identifier: GPL-3.0-or-later
// What the steps of the first start share.
import { t } from '../core/words'
import { Failure as Told } from '../ui/write'

export { useWrite } from '../ui/write'

export const Failure = ({ error }: { error: unknown }) => <Told title={t('setup-not-taken')} error={error} />
