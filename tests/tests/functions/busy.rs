//! A service that refuses one call because it is busy changes no outcome: the call is made again.

use shared::aws::busy::Busy;
use shared::aws::wire::Fault;

use crate::domains::{Endpoint, endpoints};
use crate::none;
use crate::place::{Place, World};
use crate::sample::Sample;

/// Sends a route its sample, with a fault. Returns what is wrong with the response.
async fn outcome(world: &World, place: &Place, endpoint: &Endpoint, fault: Option<Fault>) -> Option<String> {
    let function = endpoint.entry.function();
    let event = Sample::of(endpoint.entry).filled(&world.ready_for(endpoint.name(), place).await);
    // Cold, so that it also fetches its keys and its session.
    world.app.forget(function);
    if let Some(fault) = fault {
        world.app.wire(function).arm(fault);
    }
    let answer = world.send_uncounted(endpoint, &event).await;
    (answer.status != endpoint.success()).then(|| format!("{} {}", answer.status, answer.text))
}

/// Every refusal at every call of a route. Returns the faults, and how many refusals there were.
async fn at_every_call(world: &World, place: &Place, endpoint: &Endpoint) -> (Vec<String>, usize) {
    let (mut faults, mut refusals) = (Vec::new(), 0);
    if let Some(wrong) = outcome(world, place, endpoint, None).await {
        return (vec![format!("{}, without a fault: {wrong}", endpoint.name())], 0);
    }
    for (at, call) in world.app.wire(endpoint.entry.function()).take().iter().enumerate() {
        for busy in Busy::ALL.into_iter().filter(|busy| busy.is_of(call)) {
            let wrong = outcome(world, place, endpoint, Some(Fault::Busy(at + 1, busy))).await;
            faults.extend(wrong.map(|wrong| format!("{}, {busy:?} at {call}: {wrong}", endpoint.name())));
            refusals += usize::from(!world.app.wire(endpoint.entry.function()).is_armed());
        }
    }
    (faults, refusals)
}

#[tokio::test]
async fn a_route_succeeds_although_a_service_is_busy_at_any_of_its_calls() {
    let world = World::new().await;
    let place = world.place().await;
    let (mut faults, mut refusals) = (Vec::new(), 0);
    for endpoint in endpoints() {
        let (wrong, refused) = at_every_call(&world, &place, &endpoint).await;
        faults.extend(wrong);
        refusals += refused;
    }
    none(faults);
    assert!(refusals > 500, "only {refusals} calls were refused");
}
