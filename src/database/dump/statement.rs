//! What a statement of a dump is about, as far as a load must know.

/// One SQL statement, without its semicolon, in the dump's encoding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The line it begins on, from 1.
    pub line: u64,
    /// Its text.
    pub sql: Vec<u8>,
}

/// What a load does with a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// It runs as it is.
    Plain,
    /// `SET name = …`: runs if the server knows the setting.
    Setting(String),
    /// Runs only where all of these roles exist. The text is what such statements are called.
    Roles(&'static str, Vec<String>),
    /// `SET SESSION AUTHORIZATION` or `SET ROLE`: as [`Self::Roles`], and what follows runs as this role.
    Become(String),
    /// `BEGIN` or `COMMIT`, as `pg_dump` itself writes around large objects: left out, for the whole dump is one transaction.
    Transaction,
    /// About the dumped database itself, such as its comment: left out.
    Database,
    /// Cannot be part of a load; the text says what it is.
    Refused(&'static str),
}

/// Statements about owners and rights.
const RIGHTS: &str = "OWNER TO / GRANT";
const POLICY: &str = "POLICY";
const MAPPING: &str = "USER MAPPING";

/// A piece of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    /// A word without quotes, in small letters.
    Word(String),
    /// A name in double quotes.
    Name(String),
    /// A text in single quotes.
    Text(String),
    Mark(char),
}

impl Token {
    fn is(&self, keyword: &str) -> bool {
        matches!(self, Self::Word(word) if word == keyword)
    }

    /// The text, whatever the quotes.
    fn text(&self) -> Option<&str> {
        match self {
            Self::Word(text) | Self::Name(text) | Self::Text(text) => Some(text),
            Self::Mark(_) => None,
        }
    }
}

/// Recognises what a load must treat in its own way.
pub fn kind(sql: &str) -> Kind {
    let mut tokens = Tokens::new(sql);
    let Some(Token::Word(first)) = tokens.next() else {
        return Kind::Plain;
    };
    match first.as_str() {
        "begin" | "start" | "end" => Kind::Transaction,
        "commit" | "rollback" | "abort" | "prepare" => transaction(&first, tokens),
        "create" | "drop" => object(&tokens.collect::<Vec<_>>()),
        "alter" => alter(&tokens.collect::<Vec<_>>()),
        "comment" => comment(tokens),
        "grant" | "revoke" => grant(&first, &tokens.collect::<Vec<_>>()),
        "set" => set(sql, &tokens.collect::<Vec<_>>()),
        _ => Kind::Plain,
    }
}

/// `name` and `value` of a statement `SET name = value`; a value that is neither word nor text is empty.
///
/// This is the only parser of settings: what the reader obeys and what the server is told must never differ.
pub fn setting(sql: &str) -> Option<(String, String)> {
    let mut tokens = Tokens::new(sql).peekable();
    tokens.next().filter(|token| token.is("set"))?;
    tokens.next_if(|token| token.is("session") || token.is("local"));
    let name = tokens.next()?.text()?.to_ascii_lowercase();
    let text = |token: Option<Token>| Some(token?.text()?.to_owned());
    if name == "names" {
        let value = text(tokens.next()).unwrap_or_else(|| "default".to_owned());
        return Some(("client_encoding".to_owned(), value));
    }
    tokens.next().filter(is_equals)?;
    Some((name, text(tokens.next()).unwrap_or_default()))
}

fn transaction(first: &str, tokens: Tokens<'_>) -> Kind {
    let rest: Vec<Token> = tokens.take(2).collect();
    let has = |keyword| rest.iter().any(|token: &Token| token.is(keyword));
    match first {
        "commit" if has("prepared") => Kind::Refused("COMMIT PREPARED"),
        "commit" => Kind::Transaction,
        "rollback" if has("to") => Kind::Plain,
        "rollback" => Kind::Refused("ROLLBACK"),
        "abort" => Kind::Refused("ABORT"),
        "prepare" if rest.first().is_some_and(|token| token.is("transaction")) => {
            Kind::Refused("PREPARE TRANSACTION")
        }
        _ => Kind::Plain,
    }
}

/// `CREATE` and `DROP`: what belongs to the whole server, and what names roles.
fn object(tokens: &[Token]) -> Kind {
    match tokens {
        [user, mapping, rest @ ..] if user.is("user") && mapping.is("mapping") => {
            Kind::Roles(MAPPING, roles_after("for", rest))
        }
        [policy, rest @ ..] if policy.is("policy") => self::policy(rest),
        [object, ..] => global(object).unwrap_or(Kind::Plain),
        [] => Kind::Plain,
    }
}

/// `POLICY name ON table … TO a, b USING (…)`: the condition may hold any words.
fn policy(tokens: &[Token]) -> Kind {
    let condition = |token: &Token| token.is("using") || token.is("with");
    let head = tokens.split(condition).next().unwrap_or_default();
    if !head.iter().any(|token| token.is("on")) || head.iter().any(|token| token.is("rename")) {
        return Kind::Plain;
    }
    Kind::Roles(POLICY, roles_after("to", head))
}

fn global(object: &Token) -> Option<Kind> {
    let Token::Word(object) = object else {
        return None;
    };
    let refused = match object.as_str() {
        "database" => "a statement that makes, changes or drops a database",
        "role" | "user" | "group" => "a statement that makes, changes or drops a role",
        "tablespace" => "a statement that makes, changes or drops a tablespace",
        _ => return None,
    };
    Some(Kind::Refused(refused))
}

fn alter(tokens: &[Token]) -> Kind {
    if tokens.first().is_some_and(|token| token.is("default")) {
        return default_privileges(tokens);
    }
    match tokens {
        [.., owner, to, role]
            if owner.is("owner") && to.is("to") && !tokens.first().is_some_and(is_database) =>
        {
            Kind::Roles(RIGHTS, real_roles(std::slice::from_ref(role)))
        }
        _ => object(tokens),
    }
}

fn is_database(token: &Token) -> bool {
    token.is("database") || token.is("tablespace")
}

/// `ALTER DEFAULT PRIVILEGES FOR ROLE a IN SCHEMA s GRANT … TO b`.
fn default_privileges(tokens: &[Token]) -> Kind {
    let at = |keyword: &str| tokens.iter().position(|token| token.is(keyword));
    let mut roles = Vec::new();
    if let Some(who) = at("for").and_then(|position| tokens.get(position + 2..)) {
        roles = listed_roles(who);
    }
    let action = at("grant").or_else(|| at("revoke"));
    if let Some([action, rest @ ..]) = action.and_then(|position| tokens.get(position..)) {
        let action = if action.is("grant") {
            "grant"
        } else {
            "revoke"
        };
        if let Kind::Roles(_, more) = grant(action, rest) {
            roles.extend(more);
        }
    }
    Kind::Roles(RIGHTS, roles)
}

fn comment(mut tokens: Tokens<'_>) -> Kind {
    match (tokens.next(), tokens.next()) {
        (Some(on), Some(database)) if on.is("on") && database.is("database") => Kind::Database,
        _ => Kind::Plain,
    }
}

fn grant(action: &str, tokens: &[Token]) -> Kind {
    let on = tokens.iter().position(|token| token.is("on"));
    let object = on.and_then(|position| tokens.get(position + 1));
    if object.is_some_and(|token| token.is("database")) {
        return Kind::Database;
    }
    let preposition = if action == "grant" { "to" } else { "from" };
    let mut roles = match on {
        Some(_) => Vec::new(),
        None => granted_roles(tokens),
    };
    let last = tokens.iter().rposition(|token| token.is(preposition));
    let after = last.and_then(|position| tokens.get(position + 1..));
    roles.extend(after.map(listed_roles).unwrap_or_default());
    Kind::Roles(RIGHTS, roles)
}

/// The roles that `GRANT a, b TO c` and `REVOKE ADMIN OPTION FOR a, b FROM c` give and take.
fn granted_roles(tokens: &[Token]) -> Vec<String> {
    match tokens {
        [_, option, r#for, rest @ ..] if option.is("option") && r#for.is("for") => {
            listed_roles(rest)
        }
        _ => listed_roles(tokens),
    }
}

/// The roles of the list behind a keyword, which may be absent.
fn roles_after(keyword: &str, tokens: &[Token]) -> Vec<String> {
    let position = tokens.iter().position(|token| token.is(keyword));
    let list = position.and_then(|position| tokens.get(position + 1..));
    list.map(listed_roles).unwrap_or_default()
}

fn set(sql: &str, tokens: &[Token]) -> Kind {
    let role = match tokens {
        [role, equals, name] if is_role(role) && is_equals(equals) => name,
        [session, authorization, name] if is_authorization(session, authorization) => name,
        [_, session, authorization, name] if is_authorization(session, authorization) => name,
        [role, name] | [_, role, name] if role.is("role") => name,
        _ => {
            let name = setting(sql).map(|(name, _)| name);
            return name.map_or(Kind::Plain, Kind::Setting);
        }
    };
    match role.text() {
        Some(name) if !(role.is("default") || role.is("none")) => Kind::Become(name.to_owned()),
        _ => Kind::Plain,
    }
}

fn is_role(token: &Token) -> bool {
    token.is("role") || token.is("session_authorization")
}

fn is_equals(token: &Token) -> bool {
    *token == Token::Mark('=') || token.is("to")
}

fn is_authorization(session: &Token, authorization: &Token) -> bool {
    session.is("session") && authorization.is("authorization")
}

/// The roles of a list `a, "b", GROUP c`, which ends at the first token that is neither.
fn listed_roles(tokens: &[Token]) -> Vec<String> {
    let mut names = Vec::new();
    let mut rest = tokens;
    loop {
        if let [group, after @ ..] = rest
            && group.is("group")
        {
            rest = after;
        }
        let [role, after @ ..] = rest else { break };
        names.push(role.clone());
        match after {
            [Token::Mark(','), after @ ..] => rest = after,
            _ => break,
        }
    }
    real_roles(&names)
}

/// Without the keywords that stand for a role and always exist.
fn real_roles(tokens: &[Token]) -> Vec<String> {
    const ALWAYS: [&str; 4] = ["public", "current_user", "current_role", "session_user"];
    let real = |token: &&Token| !ALWAYS.iter().any(|keyword| token.is(keyword));
    let names = tokens.iter().filter(real).filter_map(Token::text);
    names.map(ToOwned::to_owned).collect()
}

/// Splits a statement; comments and white space are left out.
struct Tokens<'a> {
    rest: std::iter::Peekable<std::str::Chars<'a>>,
}

impl<'a> Tokens<'a> {
    fn new(sql: &'a str) -> Self {
        Self {
            rest: sql.chars().peekable(),
        }
    }

    /// Everything up to the closing quote; a doubled one stands for itself.
    fn quoted(&mut self, quote: char) -> String {
        let mut text = String::new();
        while let Some(c) = self.rest.next() {
            if c == quote && self.rest.next_if_eq(&quote).is_none() {
                break;
            }
            text.push(c);
        }
        text
    }

    fn word(&mut self, first: char) -> String {
        let mut word = String::from(first.to_ascii_lowercase());
        let inside = |c: &char| c.is_alphanumeric() || matches!(c, '_' | '$');
        while let Some(c) = self.rest.next_if(inside) {
            word.push(c.to_ascii_lowercase());
        }
        word
    }

    fn skip_block(&mut self) {
        let (mut depth, mut last) = (1_u32, ' ');
        while depth > 0
            && let Some(c) = self.rest.next()
        {
            match (last, c) {
                ('*', '/') => depth -= 1,
                ('/', '*') => depth += 1,
                _ => {
                    last = c;
                    continue;
                }
            }
            last = ' ';
        }
    }
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        loop {
            let c = self.rest.next()?;
            return Some(match c {
                c if c.is_whitespace() => continue,
                '-' if self.rest.next_if_eq(&'-').is_some() => {
                    self.rest.by_ref().find(|&c| c == '\n');
                    continue;
                }
                '/' if self.rest.next_if_eq(&'*').is_some() => {
                    self.skip_block();
                    continue;
                }
                '"' => Token::Name(self.quoted('"')),
                '\'' => Token::Text(self.quoted('\'')),
                c if c.is_alphanumeric() || c == '_' => Token::Word(self.word(c)),
                c => Token::Mark(c),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn about(what: &'static str, names: &[&str]) -> Kind {
        Kind::Roles(what, names.iter().map(ToString::to_string).collect())
    }

    fn roles(names: &[&str]) -> Kind {
        about(RIGHTS, names)
    }

    #[test]
    fn statements_about_roles_name_them() {
        let table = [
            (
                "ALTER TABLE public.ports OWNER TO postgres",
                roles(&["postgres"]),
            ),
            ("ALTER TYPE x OWNER TO \"App User\"", roles(&["App User"])),
            ("ALTER SCHEMA s OWNER TO CURRENT_USER", roles(&[])),
            ("GRANT ALL ON SCHEMA public TO PUBLIC", roles(&[])),
            (
                "GRANT SELECT(a),UPDATE ON TABLE t TO app, GROUP g WITH GRANT OPTION",
                roles(&["app", "g"]),
            ),
            (
                "REVOKE USAGE ON SCHEMA public FROM \"x\"\"y\" CASCADE",
                roles(&["x\"y"]),
            ),
            ("GRANT a TO b", roles(&["a", "b"])),
            ("GRANT a, b TO c WITH ADMIN OPTION", roles(&["a", "b", "c"])),
            ("REVOKE ADMIN OPTION FOR a FROM b", roles(&["a", "b"])),
            (
                "CREATE POLICY p ON \"to\".t AS PERMISSIVE FOR SELECT TO a, PUBLIC, \"b\" USING ((x > 0))",
                about(POLICY, &["a", "b"]),
            ),
            (
                "CREATE POLICY p ON t USING ((x > '1'::interval year to month))",
                about(POLICY, &[]),
            ),
            ("ALTER POLICY p ON t TO a", about(POLICY, &["a"])),
            ("ALTER POLICY p ON t RENAME TO a", Kind::Plain),
            ("DROP POLICY p ON t", about(POLICY, &[])),
            (
                "CREATE USER MAPPING FOR app SERVER s",
                about(MAPPING, &["app"]),
            ),
            (
                "DROP USER MAPPING IF EXISTS FOR \"odd role\" SERVER s",
                about(MAPPING, &["odd role"]),
            ),
            (
                "ALTER USER MAPPING FOR PUBLIC SERVER s OPTIONS (SET a 'b')",
                about(MAPPING, &[]),
            ),
            (
                "ALTER DEFAULT PRIVILEGES FOR ROLE a IN SCHEMA public GRANT SELECT ON TABLES TO b",
                roles(&["a", "b"]),
            ),
            (
                "ALTER DEFAULT PRIVILEGES FOR ROLE a REVOKE ALL ON FUNCTIONS FROM PUBLIC",
                roles(&["a"]),
            ),
            (
                "SET SESSION AUTHORIZATION 'app'",
                Kind::Become("app".to_owned()),
            ),
            ("SET SESSION AUTHORIZATION DEFAULT", Kind::Plain),
            ("SET ROLE none", Kind::Plain),
        ];
        for (sql, expected) in table {
            assert_eq!(kind(sql), expected, "{sql}");
        }
    }

    #[test]
    fn what_would_break_the_transaction_is_recognised() {
        let table = [
            ("begin isolation level serializable", Kind::Transaction),
            ("START TRANSACTION", Kind::Transaction),
            ("/* x /* y */ */ COMMIT -- now", Kind::Transaction),
            ("END", Kind::Transaction),
            ("ROLLBACK", Kind::Refused("ROLLBACK")),
            ("ROLLBACK WORK TO SAVEPOINT s", Kind::Plain),
            ("SAVEPOINT s", Kind::Plain),
            (
                "PREPARE TRANSACTION 'x'",
                Kind::Refused("PREPARE TRANSACTION"),
            ),
            ("PREPARE p AS SELECT 1", Kind::Plain),
            ("COMMENT ON DATABASE rates IS 'x'", Kind::Database),
            ("GRANT CONNECT ON DATABASE rates TO app", Kind::Database),
            ("COMMENT ON TABLE database IS 'x'", Kind::Plain),
            (
                "SET NAMES 'LATIN1'",
                Kind::Setting("client_encoding".to_owned()),
            ),
            (
                "SET SESSION client_encoding TO latin1",
                Kind::Setting("client_encoding".to_owned()),
            ),
            ("SET LOCAL a = -1", Kind::Setting("a".to_owned())),
            ("SET role = 'app'", Kind::Become("app".to_owned())),
            ("SET SESSION ROLE app", Kind::Become("app".to_owned())),
            (
                "SET SESSION SESSION AUTHORIZATION app",
                Kind::Become("app".to_owned()),
            ),
            ("SET role TO none", Kind::Plain),
            ("CREATE TABLE role (a int)", Kind::Plain),
            (
                "CREATE FUNCTION database() RETURNS int LANGUAGE sql AS 'select 1'",
                Kind::Plain,
            ),
        ];
        for (sql, expected) in table {
            assert_eq!(kind(sql), expected, "{sql}");
        }
        for sql in [
            "CREATE DATABASE rates WITH TEMPLATE = template0",
            "DROP DATABASE IF EXISTS rates",
            "ALTER DATABASE rates OWNER TO postgres",
            "CREATE ROLE app",
            "ALTER USER app WITH PASSWORD 'x'",
            "CREATE TABLESPACE t LOCATION '/t'",
        ] {
            assert!(matches!(kind(sql), Kind::Refused(_)), "{sql}");
        }
    }

    #[test]
    fn settings_have_a_name_and_a_value() {
        let table = [
            (
                "SET client_encoding = 'UTF8'",
                Some(("client_encoding", "UTF8")),
            ),
            (
                "set SESSION Client_Encoding to latin1",
                Some(("client_encoding", "latin1")),
            ),
            ("SET NAMES 'LATIN9'", Some(("client_encoding", "LATIN9"))),
            (
                "SET search_path = public, x",
                Some(("search_path", "public")),
            ),
            ("SET SESSION AUTHORIZATION 'x'", None),
            ("SELECT 1", None),
        ];
        for (sql, expected) in table {
            let expected = expected.map(|(n, v): (&str, &str)| (n.to_owned(), v.to_owned()));
            assert_eq!(setting(sql), expected, "{sql}");
        }
    }
}
