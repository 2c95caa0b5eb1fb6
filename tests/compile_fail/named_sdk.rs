//! A function crate cannot use the SDKs that `shared` uses for outbound calls.

use aws_sdk_dynamodb::Client;
use lambda_http::Request;
use reqwest::get;
use tokio::spawn;

extern crate aws_sdk_s3;
