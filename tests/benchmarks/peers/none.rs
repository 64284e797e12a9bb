// SPDX-License-Identifier: MIT OR Apache-2.0
//! Empty: cargo wants a target before it fetches what a manifest names.
