//! The regions and ports of the dump, read from the tables beside this file.

/// A line of the table `regions`.
pub struct Region {
    /// Its key, for example `china_main`.
    pub slug: &'static str,
    /// Its name for people.
    pub name: String,
    /// The slug of the region around it; a root has none.
    pub parent: Option<&'static str>,
}

/// A line of the table `ports`.
pub struct Port {
    /// Its UN/LOCODE.
    pub code: &'static str,
    /// Its name for people.
    pub name: String,
    /// The slug of its region.
    pub region: &'static str,
    /// On which side of a price it stands.
    pub side: Side,
}

/// On which side of a price a port stands, with the US dollars it adds to that price.
#[derive(Clone, Copy)]
pub enum Side {
    /// Containers leave from here.
    Origin(i64),
    /// Containers arrive here.
    Destination(i64),
    /// The port has no prices.
    None,
}

/// All regions, each after the one around it.
pub fn regions() -> Vec<Region> {
    let lines = lines(include_str!("regions.txt"));
    lines
        .map(|line| region(line).expect("regions.txt has three columns"))
        .collect()
}

/// All ports, region by region.
pub fn ports() -> Vec<Port> {
    let lines = lines(include_str!("ports.txt"));
    lines
        .map(|line| port(line).expect("ports.txt has five columns, the dollars a number"))
        .collect()
}

fn lines(table: &'static str) -> impl Iterator<Item = &'static str> {
    table.lines().filter(|line| !line.starts_with('#'))
}

fn region(line: &'static str) -> Option<Region> {
    let mut words = line.split_whitespace();
    Some(Region {
        slug: words.next()?,
        parent: words.next().map(|slug| (slug != "-").then_some(slug))?,
        name: name(words)?,
    })
}

fn port(line: &'static str) -> Option<Port> {
    let mut words = line.split_whitespace();
    Some(Port {
        code: words.next()?,
        region: words.next()?,
        side: side(words.next()?, words.next()?)?,
        name: name(words)?,
    })
}

fn side(side: &str, dollars: &str) -> Option<Side> {
    match side {
        "from" => Some(Side::Origin(dollars.parse().ok()?)),
        "to" => Some(Side::Destination(dollars.parse().ok()?)),
        "-" => Some(Side::None),
        _ => None,
    }
}

/// A name is the last column, so it may have spaces.
fn name<'a>(words: impl Iterator<Item = &'a str>) -> Option<String> {
    let words: Vec<_> = words.collect();
    (!words.is_empty()).then(|| words.join(" "))
}
