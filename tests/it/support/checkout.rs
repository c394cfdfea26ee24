//! A checkout of a test's own: the shipped profiles, and a dump that is loaded in no time unless the shipped one is wanted.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::path::PathBuf;

use tempfile::TempDir;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Everything of a dump but the prices, as `pg_dump` writes it.
const BEFORE: &str = "\
-- PostgreSQL database dump
SET client_encoding = 'UTF8';
CREATE TABLE public.regions (slug text NOT NULL, name text NOT NULL, parent_slug text);
CREATE TABLE public.ports (code text NOT NULL, name text NOT NULL, parent_slug text NOT NULL);
CREATE TABLE public.prices (orig_code text NOT NULL, dest_code text NOT NULL, day date NOT NULL, price integer NOT NULL);
COPY public.regions (slug, name, parent_slug) FROM stdin;
china_main\tChina Main\t\\N
northern_europe\tNorthern Europe\t\\N
\\.
COPY public.ports (code, name, parent_slug) FROM stdin;
CNGGZ\tGuangzhou\tchina_main
EETLL\tTallinn\tnorthern_europe
\\.
COPY public.prices (orig_code, dest_code, day, price) FROM stdin;
";

const AFTER: &str = "\
\\.
ALTER TABLE ONLY public.ports ADD CONSTRAINT ports_pkey PRIMARY KEY (code);
ALTER TABLE ONLY public.regions ADD CONSTRAINT regions_pkey PRIMARY KEY (slug);
-- PostgreSQL database dump complete
";

/// The line of a small dump on which its first price is.
pub fn first_price() -> usize {
    BEFORE.lines().count() + 1
}

/// A small dump that knows three prices of CNGGZ → EETLL on 2021-01-31.
pub fn small_dump(prices: [u32; 3]) -> String {
    let row = |price| format!("CNGGZ\tEETLL\t2021-01-31\t{price}\n");
    format!("{BEFORE}{}{AFTER}", prices.map(row).concat())
}

/// A small dump with the average that the profile's check knows.
pub fn known_dump() -> String {
    small_dump([1000, 1200, 1263])
}

/// A small dump that keeps the server busy for so many seconds, so that a test can be in the middle of its load.
pub fn slow_dump(seconds: u32) -> String {
    known_dump().replacen(
        "COPY public.ports",
        &format!("SELECT pg_catalog.pg_sleep({seconds});\nCOPY public.ports"),
        1,
    )
}

/// A dump whose rows take about 60 bytes each in the database.
pub fn large_dump(rows: u32) -> String {
    let row = |number| format!("CNGGZ\tEETLL\t2022-01-01\t{number}\n");
    let rows: String = (0..rows).map(row).collect();
    known_dump().replacen(AFTER, &(rows + AFTER), 1)
}

/// A folder with `profiles` and `db`, removed when dropped.
pub struct Checkout(TempDir);

impl Checkout {
    /// With the small dump of the known answer.
    pub fn small() -> Self {
        let checkout = Self(tempfile::tempdir().unwrap());
        for profile in std::fs::read_dir(Path::new(ROOT).join("profiles")).unwrap() {
            let path = profile.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            let name = path.file_name().unwrap().to_str().unwrap();
            checkout.write(&format!("profiles/{name}"), text);
        }
        checkout.write("db/rates.sql", known_dump());
        checkout
    }

    /// With the dump that is shipped.
    pub fn full() -> Self {
        let checkout = Self::small();
        let dump = std::fs::read(Path::new(ROOT).join("db/rates.sql")).unwrap();
        checkout.write("db/rates.sql", dump);
        checkout
    }

    /// Its folder as the system names it.
    pub fn path(&self) -> PathBuf {
        self.0.path().canonicalize().unwrap()
    }

    /// Lets every user of the machine read it.
    pub fn open(&self) {
        let folder = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(self.0.path(), folder).unwrap();
    }

    /// Writes a file below it.
    pub fn write(&self, path: &str, contents: impl AsRef<[u8]>) {
        let path = self.0.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, contents).unwrap();
    }

    /// Replaces a text in a file below it.
    pub fn edit(&self, path: &str, from: &str, to: &str) {
        let text = std::fs::read_to_string(self.0.path().join(path)).unwrap();
        assert!(text.contains(from), "{path} has no {from:?}");
        self.write(path, text.replace(from, to));
    }
}
