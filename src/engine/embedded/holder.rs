//! Which process is the supervisor of an environment. It signs the lock that it holds, and is believed by more than its
//! number.

use std::fs::File;
use std::io;
use std::io::Write;
use std::path::Path;

use tokio::net::UnixStream;

use super::disk;
use super::home::Place;
use super::process::Process;
#[cfg(target_os = "linux")]
use super::program;

/// Writes down who holds the lock of an environment.
pub fn sign(lock: &mut File) -> io::Result<()> {
    let this = Process::find(std::process::id());
    lock.set_len(0)?;
    lock.write_all(&serde_json::to_vec(&this)?)
}

/// The supervisor that signed the lock, if it still lives.
pub fn signed(place: &Place) -> Option<Process> {
    let process: Process = disk::load(&place.lock()).ok().flatten()?;
    process.lives().then_some(process)
}

/// The process at the other end of a connection.
pub fn peer(stream: &UnixStream) -> Option<Process> {
    let pid = stream.peer_cred().ok()?.pid()?;
    Process::find(u32::try_from(pid).ok()?)
}

/// Whether a process is the supervisor of an environment: it runs a copy of this program in the environment's folder.
#[cfg(target_os = "linux")]
pub fn is_supervisor(place: &Place, process: &Process) -> bool {
    let Some(programs) = place.programs() else {
        return false;
    };
    let runs = super::leftovers::program_of(process.pid);
    let folder = super::leftovers::folder_of(process.pid);
    runs.is_some_and(|runs| program::is_copy(&runs, &real(&programs)))
        && folder.is_some_and(|folder| folder == real(place.path()))
}

/// Whether a process is the supervisor of an environment: it signed the lock.
#[cfg(not(target_os = "linux"))]
pub fn is_supervisor(place: &Place, process: &Process) -> bool {
    signed(place).as_ref() == Some(process)
}

#[cfg(target_os = "linux")]
fn real(path: &Path) -> std::path::PathBuf {
    super::leftovers::real(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_names_its_holder_while_that_lives_and_no_stranger_is_taken_for_a_supervisor() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::at(&folder.path().join("environments/dev"));
        std::fs::create_dir(folder.path().join("environments")).unwrap();
        place.make().unwrap();
        assert_eq!(signed(&place), None);
        sign(&mut File::create(place.lock()).unwrap()).unwrap();
        let this = signed(&place).unwrap();
        assert_eq!(this.pid, std::process::id());
        #[cfg(target_os = "linux")]
        assert!(!is_supervisor(&place, &this));
        let dead = Process {
            started: "0".to_owned(),
            ..this
        };
        disk::save(&place.lock(), &dead).unwrap();
        assert_eq!(signed(&place), None);
    }
}
