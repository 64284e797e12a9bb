// SPDX-License-Identifier: MIT OR Apache-2.0
//! Walks from where the processor stopped: code without tables, no code at all, no stack left; and
//! modules that come and go.
#![allow(missing_docs, clippy::unwrap_used)]

mod common;

use std::ffi::{c_void, CStr};
use std::sync::Mutex;

use common::{compile, look, looks_from, name, names, readable, Library, CACHE};
use secmalloc_unwind::{module_of, Registers, Walker};

static ALONE: Mutex<()> = Mutex::new(());
static SEEN: Mutex<Vec<usize>> = Mutex::new(Vec::new());

/// Walks from the context that a handler got.
extern "C" fn look_at_context(context: *mut c_void) {
    // SAFETY: the third argument of the handler that calls.
    let from = unsafe { Registers::of_context(context.cast()) };
    let mut frames = [0; 100];
    let count = Walker::new(&CACHE, readable).walk(from, &mut frames);
    SEEN.lock().unwrap().extend_from_slice(&frames[..count]);
}

/// The names of the functions in which a fault was seen, cold and warm.
fn seen_in(function: &CStr, expect: &[&str]) {
    let _alone = ALONE.lock().unwrap_or_else(|broken| broken.into_inner());
    for (to, flags) in [
        ("faults_no_fp.so", ["-O2", "-fomit-frame-pointer"]),
        ("faults_fp.so", ["-O1", "-fno-omit-frame-pointer"]),
    ] {
        let library = Library::open(&compile("faults.c", to, &flags));
        for _ in 0..2 {
            SEEN.lock().unwrap().clear();
            library.caller(function)(look_at_context, core::ptr::null_mut());
            let frames = core::mem::take(&mut *SEEN.lock().unwrap());
            let seen: Vec<_> = frames.iter().map(|at| name(*at)).collect();
            let place = seen
                .iter()
                .position(|name| Some(&name.as_str()) == expect.last());
            let place = place.unwrap_or_else(|| panic!("{to}:{}", names(&frames)));
            assert!(place + 1 >= expect.len(), "{to}:{}", names(&frames));
            assert_eq!(&seen[place + 1 - expect.len()..=place], expect);
            assert!(seen.len() > place + 3, "and on: {}", names(&frames));
        }
        library.close();
    }
}

#[test]
fn a_fault_in_a_function() {
    // `caught` is static: it has no name.
    seen_in(c"bad_access", &["touches", "?", "bad_access"]);
}

#[test]
fn a_fault_at_the_first_instruction() {
    seen_in(
        c"at_first_instruction",
        &[
            "first_instruction",
            "calls_first_instruction",
            "?",
            "at_first_instruction",
        ],
    );
}

#[test]
fn a_call_to_nowhere() {
    seen_in(c"wild_call", &["?", "calls_nothing", "?", "wild_call"]);
}

/// The frames that count are the innermost; the outermost is not reached.
#[test]
fn a_full_stack() {
    let _alone = ALONE.lock().unwrap_or_else(|broken| broken.into_inner());
    let library = Library::open(&compile("faults.c", "faults_full.so", &["-O1"]));
    SEEN.lock().unwrap().clear();
    library.caller(c"overflow")(look_at_context, core::ptr::null_mut());
    let frames = core::mem::take(&mut *SEEN.lock().unwrap());
    assert_eq!(frames.len(), 100, "{}", names(&frames));
    assert!(
        frames.iter().all(|at| name(*at) == "fills"),
        "{}",
        names(&frames)
    );
}

#[test]
fn through_code_that_was_made_at_run_time() {
    let _alone = ALONE.lock().unwrap_or_else(|broken| broken.into_inner());
    let library = Library::open(&compile(
        "faults.c",
        "faults_made.so",
        &["-O1", "-fno-omit-frame-pointer"],
    ));
    let looks = looks_from(library.caller(c"through_made_code"));
    for frames in [&looks.cold, &looks.warm, &looks.uncached] {
        assert_eq!(name(frames[2]), "through_made_code", "{}", names(frames));
        assert!(frames.len() > 6, "{}", names(frames));
    }
}

/// The second object is loaded where the first one was; the rules of the first are in the cache.
#[test]
fn another_module_in_the_same_place() {
    let _alone = ALONE.lock().unwrap_or_else(|broken| broken.into_inner());
    let builds = ["-DSIZE=40", "-DSIZE=104"].map(|size| {
        let to = format!("plugin{size}.so");
        compile("plugin.c", &to, &["-O2", "-fomit-frame-pointer", size])
    });
    // Other threads may map memory there in between: then again.
    let came_back = (0..20).any(|_| {
        let mut places = Vec::new();
        for build in [&builds[0], &builds[1], &builds[0]] {
            let library = Library::open(build);
            places.push(library.symbol(c"plugin").addr());
            looks_from(library.caller(c"uses_plugin")).agree(6);
            library.close();
        }
        places.iter().all(|at| *at == places[0])
    });
    assert!(came_back, "never in the same place");
}

#[test]
fn modules_are_known_by_name_place_and_build() {
    let _alone = ALONE.lock().unwrap_or_else(|broken| broken.into_inner());
    let path = compile("plugin.c", "plugin_module.so", &["-O2", "-DSIZE=8"]);
    let library = Library::open(&path);
    let inside = library.symbol(c"plugin").addr();
    let module = module_of(inside).unwrap();
    assert!(module.start <= inside && inside < module.end);
    assert_eq!(module.bias, module.start);
    // SAFETY: the loader's name of a module that is loaded.
    let name = unsafe { CStr::from_ptr(module.name) };
    assert_eq!(name.to_str().unwrap(), path.to_str().unwrap());
    // The tool's own words for the same bytes.
    let told = std::process::Command::new("readelf")
        .arg("-n")
        .arg(&path)
        .output()
        .unwrap();
    let told = String::from_utf8(told.stdout).unwrap();
    let id: String = module
        .build_id()
        .unwrap()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(id.len(), 40);
    assert!(told.contains(&id), "{id} is not in {told}");
    library.close();
    assert!(module_of(inside).is_none());
    assert!(module_of(0).is_none());
    // The program itself, and what the kernel maps.
    // SAFETY: reads the auxiliary vector.
    let vdso = unsafe { libc::getauxval(libc::AT_SYSINFO_EHDR) } as usize;
    for address in [
        modules_are_known_by_name_place_and_build as *const () as usize,
        vdso,
    ] {
        if address != 0 {
            assert!(
                module_of(address).unwrap().build_id().is_some(),
                "{address:#x}"
            );
        }
    }
    look().agree(2);
}
