// SPDX-License-Identifier: MIT OR Apache-2.0
//! What memory a foreign pointer points to, from the kernel's own list: the stack, a library's
//! data, another allocator's mapping.

use core::mem::size_of;

use crate::sys;

/// Room for one line of the list; longer paths are cut.
pub(crate) type Line = [u8; 192];

/// The mapping at `address`, as "permissions path". `None` where nothing is mapped, or `/proc` is
/// not there.
pub(crate) fn mapping_at(address: usize, room: &mut Line) -> Option<&[u8]> {
    let mut line = [0; size_of::<Line>()];
    let (mut length, mut found) = (0, None);
    let mut piece = [0; 1024];
    sys::read_file(c"/proc/self/maps", &mut piece, |bytes| {
        for &byte in bytes {
            if byte != b'\n' {
                if let Some(place) = line.get_mut(length) {
                    *place = byte;
                    length += 1;
                }
                continue;
            }
            found = line
                .get(..length)
                .and_then(|line| described(line, address, room));
            if found.is_some() {
                return false;
            }
            length = 0;
        }
        true
    });
    found.and_then(|length| room.get(..length))
}

/// Writes "permissions path" of a line to `room`, if its range holds `address`: how long that is.
/// A line is `start-end permissions offset device inode path` (proc_pid_maps(5)).
fn described(line: &[u8], address: usize, room: &mut Line) -> Option<usize> {
    let mut fields = line
        .split(|&byte| byte == b' ')
        .filter(|field| !field.is_empty());
    let mut ends = fields.next()?.split(|&byte| byte == b'-').map(hexadecimal);
    if !(ends.next()??..ends.next()??).contains(&address) {
        return None;
    }
    let permissions = fields.next()?;
    let path = fields.nth(3).unwrap_or(b"(anonymous)");
    let mut length = 0;
    for &byte in permissions.iter().chain(b" ").chain(path) {
        *room.get_mut(length)? = if byte.is_ascii_graphic() || byte == b' ' {
            byte
        } else {
            b'?'
        };
        length += 1;
    }
    Some(length)
}

fn hexadecimal(digits: &[u8]) -> Option<usize> {
    usize::from_str_radix(core::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_and_others_passed_over() {
        let line = b"7ffd1000-7ffd3000 rw-p 00000000 00:00 0                          [stack]";
        let mut room = [0; size_of::<Line>()];
        let length = described(line, 0x7ffd_1fff, &mut room).unwrap();
        assert_eq!(&room[..length], b"rw-p [stack]");
        assert_eq!(described(line, 0x7ffd_3000, &mut room), None);
        assert_eq!(described(b"nonsense", 1, &mut room), None);
        let length = described(b"1000-2000 r--p 0 00:00 0", 0x1000, &mut room).unwrap();
        assert_eq!(&room[..length], b"r--p (anonymous)");
    }

    #[test]
    fn the_stack_is_found() {
        let here = 0u8;
        let mut room = [0; size_of::<Line>()];
        assert!(mapping_at((&raw const here).addr(), &mut room)
            .unwrap()
            .starts_with(b"rw-p"));
        assert_eq!(mapping_at(1, &mut room), None);
    }
}
