# SPDX-License-Identifier: GPL-3.0-or-later
links-absent = 不存在
links-switched-off = 已关闭
links-up = 已连接
links-no-carrier = 无信号
links-interface = 接口 { $name }
links-in = 入
links-out = 出
