//! In which order roles start: what is needed before what needs it.

use std::collections::BTreeMap;

use super::Role;

/// What every role needs: those of every environment as they must, the others as the profile says.
pub type Needs = BTreeMap<Role, Vec<Role>>;

/// The roles in an order in which each comes after all it needs, those of every environment as early as they can; or
/// the circle in which they need each other, which ends with the role it begins with.
pub fn order(needs: &Needs) -> Result<Vec<Role>, Vec<Role>> {
    let mut ordered = Vec::new();
    let mut path = Vec::new();
    for role in needs.keys() {
        visit(*role, needs, &mut ordered, &mut path)?;
    }
    Ok(ordered)
}

fn visit(
    role: Role,
    needs: &Needs,
    ordered: &mut Vec<Role>,
    path: &mut Vec<Role>,
) -> Result<(), Vec<Role>> {
    if ordered.contains(&role) {
        return Ok(());
    }
    if let Some(start) = path.iter().position(|earlier| *earlier == role) {
        let circle = path.iter().skip(start).copied();
        return Err(circle.chain([role]).collect());
    }
    path.push(role);
    for needed in needs.get(&role).into_iter().flatten() {
        visit(*needed, needs, ordered, path)?;
    }
    path.pop();
    ordered.push(role);
    Ok(())
}

/// Everything that a role needs, directly or by way of others.
pub fn all_needs(role: Role, needs: &Needs) -> Vec<Role> {
    let mut all = Vec::new();
    let mut open = vec![role];
    while let Some(role) = open.pop() {
        for needed in needs.get(&role).into_iter().flatten() {
            if !all.contains(needed) {
                all.push(*needed);
                open.push(*needed);
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needs(pairs: &[(&str, &[&str])]) -> Needs {
        let role = |word: &&str| word.parse::<Role>().unwrap();
        let pairs = pairs.iter();
        pairs
            .map(|(one, others)| (role(one), others.iter().map(role).collect()))
            .collect()
    }

    fn words(roles: &[Role]) -> Vec<&str> {
        roles.iter().map(Role::as_str).collect()
    }

    #[test]
    fn what_is_needed_comes_first_and_the_rest_in_its_own_order() {
        let needs = needs(&[
            ("api", &["database", "redis"]),
            ("database", &[]),
            ("redis", &["disk"]),
            ("disk", &[]),
            ("worker", &["api"]),
        ]);
        let expected = ["database", "disk", "redis", "api", "worker"];
        assert_eq!(words(&order(&needs).unwrap()), expected);
        let mut all = all_needs("worker".parse().unwrap(), &needs);
        all.sort();
        assert_eq!(words(&all), ["database", "api", "disk", "redis"]);
    }

    #[test]
    fn a_circle_is_shown_from_where_it_begins_to_where_it_closes() {
        let needs = needs(&[("api", &["a"]), ("a", &["b"]), ("b", &["c"]), ("c", &["a"])]);
        assert_eq!(words(&order(&needs).unwrap_err()), ["a", "b", "c", "a"]);
    }
}
