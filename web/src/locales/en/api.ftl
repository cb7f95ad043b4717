# SPDX-License-Identifier: GPL-3.0-or-later
api-title = API explorer
api-lead = Every call of this box, as its own document describes it. Whatever a page can do, a token can do.
api-document = OpenAPI document
api-search = Search calls
api-calls = Calls
api-n-calls =
    { $count ->
        [one] { $count } call
       *[other] { $count } calls
    }
api-more = and { $count } more: search
api-choose = Choose a call
api-choose-more = You see its parameters, its curl line, and can make it here.
api-body = Body (JSON)
api-real = This is done for real, with your rights
api-real-more = Nothing is asked again.
api-try = Make this call
api-copy-curl = Copy curl
api-as-curl = As curl
api-answer = Answer
api-took = in { $ms } ms
api-headers = Headers
api-empty = (empty)
