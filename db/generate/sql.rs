//! The dump as text, in the form in which `pg_dump` 13.5 writes it.

use std::fmt::Display;
use std::io;
use std::io::Write;

use super::places::Port;
use super::places::Region;
use super::prices::Price;

/// Writes the dump: tables, their lines in the alphabetical order of the tables, constraints.
pub fn write(
    out: &mut impl Write,
    regions: &[Region],
    ports: &[Port],
    prices: &[Price<'_>],
) -> io::Result<()> {
    out.write_all(include_bytes!("before.sql"))?;
    let lines = ports.iter().map(port);
    copy(out, "ports", "code, name, parent_slug", lines)?;
    let lines = prices.iter().map(price);
    copy(out, "prices", "orig_code, dest_code, day, price", lines)?;
    let lines = regions.iter().map(region);
    copy(out, "regions", "slug, name, parent_slug", lines)?;
    out.write_all(include_bytes!("after.sql"))
}

fn copy(
    out: &mut impl Write,
    table: &str,
    columns: &str,
    lines: impl Iterator<Item = impl Display>,
) -> io::Result<()> {
    let title =
        format!("Data for Name: {table}; Type: TABLE DATA; Schema: public; Owner: postgres");
    write!(out, "--\n-- {title}\n--\n\n")?;
    writeln!(out, "COPY public.{table} ({columns}) FROM stdin;")?;
    for line in lines {
        writeln!(out, "{line}")?;
    }
    write!(out, "\\.\n\n\n")
}

// No value has a tab, a line break or a backslash, so none needs an escape.

fn port(port: &Port) -> impl Display {
    format!("{}\t{}\t{}", port.code, port.name, port.region)
}

fn price(price: &Price<'_>) -> impl Display {
    let Price {
        orig,
        dest,
        day,
        dollars,
    } = price;
    format!("{orig}\t{dest}\t{day}\t{dollars}")
}

fn region(region: &Region) -> impl Display {
    let parent = region.parent.unwrap_or("\\N");
    format!("{}\t{}\t{parent}", region.slug, region.name)
}
