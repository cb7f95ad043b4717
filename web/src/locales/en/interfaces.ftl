# SPDX-License-Identifier: GPL-3.0-or-later
links-no-errors = no errors
links-not-configured = not configured
links-addresses = Addresses
links-hardware = Hardware
links-mtu = MTU
links-total = Total
links-in-2 = { $rx-total } in
links-out-2 = { $tx-total } out
links-trouble = Trouble
links-interfaces-and-routes = Interfaces and routes
links-read-from-the-kernel-as = Read from the kernel as it is now.
links-the-interfaces-cannot-be-read = The interfaces cannot be read
links-interfaces = Interfaces
links-routes = Routes
links-n-routes =
    { $count ->
        [one] { $count } route
       *[other] { $count } routes
    }
links-show-routes-made-by-others = Show routes made by others
links-no-route = No route
links-destination = Destination
links-everything-else = everything else
links-via = Via
links-directly-attached = directly attached
links-table = Table
links-metric = Metric
links-made-by = Made by
links-other = other
links-errors-in = { $count } errors in
links-errors-out = { $count } errors out
links-dropped-in = { $count } dropped in
links-dropped-out = { $count } dropped out
