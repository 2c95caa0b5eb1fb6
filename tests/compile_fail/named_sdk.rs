//! A function crate does not depend on what `shared` speaks to the outside with.

use aws_sdk_dynamodb::Client;
use lambda_http::Request;
use reqwest::get;
use tokio::spawn;

extern crate aws_sdk_s3;
