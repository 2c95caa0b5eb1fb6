//! The refusals of staff routes, and of staff sessions on the routes of the product.

use serde_json::json;
use shared::function::Level;
use shared::identity::StaffRole;

use super::{Trial, known, of_staff, refusal, without_token};
use crate::domains::endpoints;

#[tokio::test]
async fn a_caller_outside_the_staff_gets_404_on_every_staff_route() {
    let mut trial = Trial::new().await;
    let user = trial.place.owner.token.clone();
    for endpoint in endpoints().iter().filter(|endpoint| of_staff(endpoint)) {
        let bare = without_token(&trial.good(endpoint).await);
        trial.refuses(endpoint, "no token", &bare, refusal(404, "not_found")).await;
        for token in [&format!("Bearer {user}"), "Bearer x.y.z", "Basic YTpi"] {
            let mut wrong = bare.clone();
            wrong["headers"]["authorization"] = json!(token);
            trial.refuses(endpoint, token, &wrong, refusal(404, "not_found")).await;
            wrong["body"] = json!("{");
            trial.refuses(endpoint, "and no JSON", &wrong, refusal(404, "not_found")).await;
        }
    }
    trial.end().await;
}

#[tokio::test]
async fn a_staff_role_without_the_permission_gets_403_and_one_with_it_is_admitted() {
    let mut trial = Trial::new().await;
    let (mut admitted, mut refused) = (0, 0);
    for endpoint in endpoints().iter().filter(|endpoint| of_staff(endpoint)) {
        let Level::Staff(needed) = endpoint.access else { continue };
        for role in StaffRole::ALL {
            let mut event = trial.good(endpoint).await;
            let member = trial.world.app.staff(&[role], Some(trial.world.app.now())).await.unwrap();
            trial.remember().await;
            event["headers"]["authorization"] = json!(format!("Bearer {}", member.token));
            if needed.roles().contains(&role) {
                let answer = trial.world.send(endpoint, &event).await;
                // A member that a test mints has no record of their own.
                let is_own = ["get-own-staff-member", "open-override-session", "close-override-session"];
                let is_own = is_own.contains(&endpoint.name());
                assert_eq!(
                    answer.status,
                    if is_own { 404 } else { endpoint.status },
                    "{}: {}",
                    endpoint.name(),
                    answer.text
                );
                admitted += 1;
                trial.remember().await;
            } else {
                trial.refuses(endpoint, role.name(), &event, refusal(403, "permission_missing")).await;
                refused += 1;
            }
        }
    }
    assert!(admitted > 10 && refused > 0, "{admitted} admitted, {refused} refused");
    trial.end().await;
}

#[tokio::test]
async fn a_staff_session_gets_401_on_every_route_of_the_product() {
    let mut trial = Trial::new().await;
    let admin = trial.world.app.staff(&StaffRole::ALL, Some(trial.world.app.now())).await.unwrap();
    trial.remember().await;
    for endpoint in endpoints().iter().filter(|endpoint| known(endpoint)) {
        let mut event = trial.good(endpoint).await;
        event["headers"]["authorization"] = json!(format!("Bearer {}", admin.token));
        trial.refuses(endpoint, "a staff session", &event, refusal(401, "not_signed_in")).await;
    }
    trial.end().await;
}
