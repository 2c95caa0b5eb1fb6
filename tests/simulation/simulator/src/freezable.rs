//! A process that may stop and go on: while it is frozen, nothing in it happens, and none of its timers fires.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures::future::BoxFuture;
use tokio::time::{Sleep, sleep_until};

use crate::process_network::ProcessNetwork;

pub struct Freezable<T> {
    work: BoxFuture<'static, T>,
    network: Arc<ProcessNetwork>,
    thaw: Option<Pin<Box<Sleep>>>,
}

impl<T> Freezable<T> {
    pub fn new(work: BoxFuture<'static, T>, network: Arc<ProcessNetwork>) -> Self {
        Self { work, network, thaw: None }
    }
}

impl<T> Future for Freezable<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        loop {
            if let Some(thaw) = &mut self.thaw {
                ready!(thaw.as_mut().poll(context));
                self.thaw = None;
            }
            if let Poll::Ready(done) = self.work.as_mut().poll(context) {
                return Poll::Ready(done);
            }
            let Some(until) = self.network.frozen_until() else { return Poll::Pending };
            self.thaw = Some(Box::pin(sleep_until(until)));
        }
    }
}
