//! One command at a time changes an environment. The system frees the lock of a process that is killed.

use std::fs::File;
use std::fs::TryLockError;
use std::io;
use std::io::Read;
use std::io::Seek;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use sha2::Digest;
use sha2::Sha256;
use tokio::time::sleep;

use crate::error::Interrupted;
use crate::error::IoError;
use crate::error::Result;
use crate::private;
use crate::profile::EnvironmentName;
use crate::shutdown::Shutdown;
use crate::text::hex;

/// The right to change an environment, until it is dropped.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// The file that stands for an environment on the engine at `endpoint`, where that has no place for one.
///
/// It holds for the commands of one user on one machine; between users only the engine's own names stand.
pub fn file(environment: &EnvironmentName, endpoint: &str) -> Result<PathBuf> {
    let engine: String = hex(&Sha256::digest(endpoint)).chars().take(8).collect();
    let folder = private::folder();
    let action = format!("make the folder of locks {}", folder.display());
    private::make(&folder).map_err(IoError::new(action))?;
    Ok(folder.join(format!("{environment}-{engine}.lock")))
}

/// Takes a lock, or waits for it after saying through `busy` who has it.
pub async fn take(path: &Path, shutdown: &Shutdown, busy: impl Fn(&str)) -> Result<Lock> {
    let action = || format!("use the lock {}", path.display());
    let mut file = open(path).map_err(IoError::new(action()))?;
    let mut told = false;
    loop {
        match file.try_lock() {
            Ok(()) => break,
            Err(TryLockError::WouldBlock) if shutdown.is_requested() => {
                return Err(Interrupted.into());
            }
            Err(TryLockError::WouldBlock) => {
                if !told {
                    busy(&holder(&mut file));
                    told = true;
                }
                sleep(Duration::from_millis(100)).await;
            }
            Err(TryLockError::Error(error)) => return Err(IoError::new(action())(error).into()),
        }
    }
    // Who holds it is told for convenience; a full disk must not keep anybody from taking an environment down.
    drop(sign(&mut file));
    Ok(Lock { _file: file })
}

fn open(path: &Path) -> io::Result<File> {
    File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
}

fn sign(file: &mut File) -> io::Result<()> {
    let words = std::env::args_os().skip(1);
    let words: Vec<_> = words.map(|word| word.display().to_string()).collect();
    file.set_len(0)?;
    file.rewind()?;
    let process = std::process::id();
    write!(file, "`ratesdev {}` (process {process})", words.join(" "))
}

fn holder(file: &mut File) -> String {
    let mut text = String::new();
    let read = file.rewind().and_then(|()| file.read_to_string(&mut text));
    match read {
        Ok(length) if length > 0 => text,
        _ => "another command".to_owned(),
    }
}
