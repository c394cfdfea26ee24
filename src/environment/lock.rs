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
    file: File,
    shutdown: Shutdown,
    /// The command that had it before, where that was cut off.
    pub before: Option<Cut>,
}

/// A command that was killed or interrupted, and could not wait for what it had asked of its engine.
#[derive(Debug, PartialEq, Eq)]
pub struct Cut {
    /// Its words and its process.
    pub who: String,
    /// How long ago that was, where it could still tell: a command that is killed cannot.
    pub ago: Option<Duration>,
}

impl Drop for Lock {
    /// A signature that stays tells whoever comes next that this command was cut off; its last line ending tells when.
    fn drop(&mut self) {
        drop(if self.shutdown.is_requested() {
            self.file.write_all(b"\n")
        } else {
            self.file.set_len(0)
        });
    }
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
    let before = cut(&mut file);
    // Who holds it is told for convenience; a full disk must not keep anybody from taking an environment down.
    drop(sign(&mut file));
    Ok(Lock {
        file,
        shutdown: shutdown.clone(),
        before,
    })
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
    signature(file).unwrap_or_else(|| "another command".to_owned())
}

fn cut(file: &mut File) -> Option<Cut> {
    let signature = signature(file)?;
    let modified = file.metadata().and_then(|found| found.modified()).ok();
    let elapsed = modified.and_then(|modified| modified.elapsed().ok());
    Some(Cut {
        who: signature.trim_end().to_owned(),
        ago: elapsed.filter(|_| signature.ends_with('\n')),
    })
}

fn signature(file: &mut File) -> Option<String> {
    let mut text = String::new();
    file.rewind()
        .and_then(|()| file.read_to_string(&mut text))
        .ok()?;
    Some(text).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_comes_after_a_command_that_was_cut_off_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let shutdown = Shutdown::default();
        let lock = || take(&path, &shutdown, |_| {});
        let before = async || lock().await.unwrap().before.as_ref().map(|cut| cut.ago);
        assert_eq!(before().await, None);
        assert_eq!(before().await, None);
        // A process that is killed has no time to do anything; the system closes its files.
        sign(&mut open(&path).unwrap()).unwrap();
        assert_eq!(before().await, Some(None));
        assert_eq!(before().await, None);
        let interrupted = Shutdown::default();
        let held = take(&path, &interrupted, |_| {}).await.unwrap();
        interrupted.request();
        drop(held);
        let cut = lock().await.unwrap().before.take().unwrap();
        assert!(cut.ago.unwrap() < Duration::from_mins(1));
        assert!(cut.who.contains("process"), "{cut:?}");
        assert_eq!(before().await, None);
    }
}
