// SPDX-License-Identifier: GPL-3.0-or-later
import './css/tokens.css'
import './css/base.css'
import './css/parts.css'
import './css/shell.css'
import { render } from 'preact'
import { begin } from './core/store'
import './core/theme'
import { App } from './ui/shell'

const root = document.getElementById('app')
if (root)
	render(<App />, root)
void begin()
