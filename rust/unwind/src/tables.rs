// SPDX-License-Identifier: MIT OR Apache-2.0
//! The rule for an address from the unwind tables of its module.
//!
//! `.eh_frame_hdr` holds a sorted table of functions, `.eh_frame` the program of each that says, row
//! by row, where registers are saved (LSB, "Exception Frames"; DWARF 5, 6.4). `gimli` reads both
//! from slices: what is wrong in them is an error, never a read outside.

use gimli::{
    BaseAddresses, CfaRule, EhFrame, EhFrameHdr, EndianSlice, Expression, FrameDescriptionEntry,
    NativeEndian, Operation, Pointer, ReaderOffset, Register, RegisterRule, UnwindContext,
    UnwindContextStorage, UnwindSection, UnwindTableRow,
};

use crate::elf::Image;
use crate::machine;
use crate::object::Object;
use crate::rule::{Frame, FramePointer, Rule};

type Reader = EndianSlice<'static, NativeEndian>;
type Row = UnwindTableRow<usize, Small>;

/// Room for one function's rows on a small stack: gimli's own would take 18 KiB of it.
struct Small;

impl<T: ReaderOffset> UnwindContextStorage<T> for Small {
    type Rules = [(Register, RegisterRule<T>); machine::SAVED_REGISTERS];
    type Stack = [UnwindTableRow<T, Self>; machine::ROWS];
}

/// The sections, and where they are.
struct Tables {
    frames: EhFrame<Reader>,
    bases: BaseAddresses,
    header: EhFrameHdr<Reader>,
}

impl Tables {
    fn of(object: &Object) -> Option<Tables> {
        if !object.has_usual_header() {
            return None;
        }
        let image = object
            .image
            .or_else(|| Image::at(object.start, object.end))?;
        let header = image.rest_of_segment(object.eh_frame_hdr)?;
        // A count that the section cannot hold would make products overflow in gimli.
        if object.function_count() > header.len() / 8 {
            return None;
        }
        let mut bases = BaseAddresses::default().set_eh_frame_hdr(object.eh_frame_hdr as u64);
        let header = EhFrameHdr::new(header, NativeEndian);
        let Pointer::Direct(at) = header.parse(&bases, 8).ok()?.eh_frame_ptr() else {
            return None;
        };
        bases = bases.set_eh_frame(at);
        let mut frames = EhFrame::new(image.rest_of_segment(at as usize)?, NativeEndian);
        frames.set_vendor(machine::VENDOR);
        Some(Tables {
            frames,
            bases,
            header,
        })
    }

    /// The entry of the function at `address`.
    fn function(&self, address: u64) -> Option<FrameDescriptionEntry<Reader>> {
        let header = self.header.parse(&self.bases, 8).ok()?;
        let entry = header.table()?.lookup(address, &self.bases).ok()?;
        let offset = entry.direct().ok()?.checked_sub(self.bases_eh_frame()?)?;
        let entry = self
            .frames
            .fde_from_offset(
                &self.bases,
                usize::try_from(offset).ok()?.into(),
                EhFrame::cie_from_offset,
            )
            .ok()?;
        entry.contains(address).then_some(entry)
    }

    fn bases_eh_frame(&self) -> Option<u64> {
        self.bases.eh_frame.section
    }

    /// `register + offset`, `*(register + offset)` or `*(register + offset) + more`: what gcc writes
    /// where it aligns the stack, and what OpenSSL's assembly says.
    fn simple(&self, expression: gimli::UnwindExpression<usize>) -> Option<Simple> {
        let Expression(bytes) = expression.get(&self.frames).ok()?;
        let encoding = gimli::Encoding {
            address_size: 8,
            format: gimli::Format::Dwarf32,
            version: 5,
        };
        let mut steps = Expression(bytes).operations(encoding);
        let Operation::RegisterOffset {
            register, offset, ..
        } = steps.next().ok()??
        else {
            return None;
        };
        let mut simple = Simple {
            register,
            offset: isize::try_from(offset).ok()?,
            then: None,
        };
        match steps.next().ok()? {
            None => return Some(simple),
            Some(Operation::Deref {
                size: 8,
                space: false,
                ..
            }) => simple.then = Some(0),
            Some(_) => return None,
        }
        match steps.next().ok()? {
            None => return Some(simple),
            Some(Operation::PlusConstant { value }) => {
                simple.then = Some(isize::try_from(value).ok()?);
            }
            Some(_) => return None,
        }
        steps.next().ok()?.is_none().then_some(simple)
    }

    fn rule(&self, row: &Row) -> Option<Rule> {
        let (register, stored, cfa) = match row.cfa() {
            CfaRule::RegisterAndOffset { register, offset } => {
                (*register, None, isize::try_from(*offset).ok()?)
            }
            CfaRule::Expression(expression) => {
                let simple = self.simple(*expression)?;
                (simple.register, Some(simple.offset), simple.then?)
            }
        };
        let on_fp = match register {
            machine::FP => true,
            machine::SP => false,
            _ => return None,
        };
        let return_address = match row.register(machine::RETURN_ADDRESS) {
            RegisterRule::Offset(at) => Some(isize::try_from(at).ok()?),
            RegisterRule::Undefined | RegisterRule::SameValue if machine::LINK_REGISTER => None,
            RegisterRule::Undefined => return Some(Rule::END),
            _ => return None,
        };
        if !machine::LINK_REGISTER && return_address != Some(-8) {
            return None;
        }
        let fp = match row.register(machine::FP) {
            RegisterRule::Undefined | RegisterRule::SameValue => FramePointer::Unchanged,
            RegisterRule::Offset(at) => FramePointer::Saved(isize::try_from(at).ok()?),
            RegisterRule::Expression(expression) => match self.simple(expression) {
                Some(Simple {
                    register: machine::FP,
                    offset: 0,
                    then: None,
                }) => FramePointer::Pushed,
                _ => FramePointer::Lost,
            },
            _ => FramePointer::Lost,
        };
        Rule::call(Frame {
            on_fp,
            stored,
            cfa,
            return_address,
            fp,
        })
    }
}

/// An expression that a rule can hold: `register + offset`, and with `then` what is stored there,
/// plus that.
struct Simple {
    register: Register,
    offset: isize,
    then: Option<isize>,
}

/// The rule for an address of a module; the unknown one where its tables have none that fits.
/// Never inlined: this is where the stack goes, and few walks come here.
#[inline(never)]
pub(crate) fn rule(object: &Object, address: usize) -> Rule {
    read(object, address as u64).unwrap_or_default()
}

fn read(object: &Object, address: u64) -> Option<Rule> {
    let tables = Tables::of(object)?;
    let function = tables.function(address)?;
    if function.is_signal_trampoline() {
        return Some(Rule::SIGNAL);
    }
    let mut context = UnwindContext::<usize, Small>::new_in();
    let row = function
        .unwind_info_for_address(&tables.frames, &tables.bases, &mut context, address)
        .ok()?;
    tables.rule(row)
}
