// SPDX-License-Identifier: GPL-3.0-or-later
import './css/tokens.css'
import './css/base.css'
import './css/parts.css'
import './css/shell.css'
import { render } from 'preact'
import { begin } from './core/store'
import './core/theme'
import { need_words } from './core/words'
import { App } from './ui/shell'

const root = document.getElementById('app')
void begin()
const show = () => root && render(<App />, root)
need_words(['shell']).then(show, show)
