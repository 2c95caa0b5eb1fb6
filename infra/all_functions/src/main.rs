//! Every function in one binary, for the local cloud. Its argument is the name of the function that it serves.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let name = std::env::args().nth(1).ok_or("name a function: all-functions create-post")?;
    let found = domains::all().map(|(_, listed)| listed.function).find(|function| function.name() == name);
    found.ok_or_else(|| format!("no function has the name `{name}`"))?.serve()
}
