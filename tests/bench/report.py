# SPDX-License-Identifier: GPL-2.0-only
def write(data, out, page):
    return out
