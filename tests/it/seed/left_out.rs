//! Statements that are left out with a notice.

use super::World;
use super::dump;

#[test]
fn what_hand_made_dumps_and_newer_servers_write_is_loaded_with_a_notice() {
    let world = World::new();
    let text = dump(
        3,
        "COMMIT;\nCOMMENT ON DATABASE prod IS 'x';\nSAVEPOINT s;\nROLLBACK TO s;",
    );
    let text = text.replace(
        "SET client_encoding",
        "BEGIN;\nSET transaction_timeout_of_tomorrow = 0;\nSET client_encoding",
    );
    let ended = world.load_text(text);
    assert_eq!(ended.outcome(), "loaded");
    assert_eq!(
        ended.notices(),
        [
            "1 DATABASE statement about the dumped database itself was left out",
            "settings that this server does not know were left out: transaction_timeout_of_tomorrow",
        ]
    );
}

#[test]
fn statements_about_roles_that_do_not_exist_are_left_out_and_counted_by_kind() {
    let world = World::new();
    let text = "CREATE POLICY a ON public.ports FOR SELECT TO app USING (true);\nCREATE POLICY b ON public.ports USING (true);\n\
        ALTER POLICY b ON public.ports TO app;\nCREATE FOREIGN DATA WRAPPER w;\nCREATE SERVER s FOREIGN DATA WRAPPER w;\n\
        CREATE USER MAPPING FOR app SERVER s OPTIONS (\"user\" 'x');\nCREATE USER MAPPING FOR PUBLIC SERVER s;\n\
        GRANT app TO rates;\nREVOKE ADMIN OPTION FOR app FROM rates;\nGRANT SELECT ON public.ports TO app;";
    let ended = world.load_text(dump(3, text));
    assert_eq!(ended.outcome(), "loaded");
    assert_eq!(
        ended.notices(),
        [
            "3 OWNER TO / GRANT statements for roles that do not exist here (app) were left out",
            "2 POLICY statements for roles that do not exist here (app) were left out",
            "1 USER MAPPING statement for roles that do not exist here (app) was left out",
        ]
    );
}
