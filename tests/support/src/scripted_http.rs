//! What the scripted platforms share: an HTTP/1.1 server on loopback, and the outcomes that a test scripts.

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};

use serde_json::Value;
use url::Url;

/// The scripted outcome of the next call of a method.
pub enum Scripted {
    Answer(u16, Value),
    AnswerWith(u16, Vec<(&'static str, String)>, Value),
    /// The connection breaks before the call has an effect.
    Break,
    /// The call has its effect, then the connection breaks.
    DoAndBreak,
    /// The call has its effect, and the response is altered.
    DoAndChange(Change),
}

/// The scripted outcome of every call of a method.
pub type Script = fn() -> Scripted;

/// Alters the usual response of the server.
pub type Change = Box<dyn FnOnce(u16, Value) -> Raw + Send>;

/// A response that need not be JSON.
#[derive(Clone, Debug)]
pub struct Raw {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

/// JSON as text; nothing for null.
pub fn text(answer: &Value) -> String {
    if answer.is_null() { String::new() } else { answer.to_string() }
}

/// The token in a header.
pub fn bearer(value: &str) -> String {
    value.trim_start_matches("Bearer ").to_owned()
}

/// The scripts of a server, by method.
#[derive(Default)]
pub(crate) struct Scripts {
    queued: VecDeque<(&'static str, Scripted)>,
    always: Vec<(&'static str, Script)>,
}

impl Scripts {
    /// Scripts the next call of a method; several queue up.
    pub(crate) fn next(&mut self, method: &'static str, scripted: Scripted) {
        self.queued.push_back((method, scripted));
    }

    /// Scripts every call of a method without a queued outcome.
    pub(crate) fn always(&mut self, method: &'static str, scripted: Script) {
        self.always.push((method, scripted));
    }

    pub(crate) fn clear(&mut self) {
        self.queued.clear();
        self.always.clear();
    }

    /// The outcome of a call that is made now, if it is scripted.
    pub(crate) fn take(&mut self, method: &str) -> Option<Scripted> {
        let at = self.queued.iter().position(|(scripted, _)| *scripted == method);
        let queued = at.and_then(|at| self.queued.remove(at)).map(|(_, what)| what);
        queued.or_else(|| self.always.iter().find(|(scripted, _)| *scripted == method).map(|(_, what)| what()))
    }
}

/// What a call gets, given its usual effect and response; none if the connection breaks.
pub(crate) fn outcome(scripted: Option<Scripted>, usual: impl FnOnce() -> (u16, Value)) -> Option<Raw> {
    let raw = |status, headers, answer: &Value| Raw { status, headers, body: text(answer).into_bytes() };
    match scripted {
        Some(Scripted::Answer(status, answer)) => Some(raw(status, Vec::new(), &answer)),
        Some(Scripted::AnswerWith(status, headers, answer)) => Some(raw(status, headers, &answer)),
        Some(Scripted::Break) => None,
        Some(Scripted::DoAndBreak) => {
            usual();
            None
        }
        Some(Scripted::DoAndChange(change)) => {
            let (status, answer) = usual();
            Some(change(status, answer))
        }
        None => {
            let (status, answer) = usual();
            Some(raw(status, Vec::new(), &answer))
        }
    }
}

/// A request as received.
pub(crate) struct Received {
    pub(crate) verb: String,
    pub(crate) url: Url,
    /// By name in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

/// A listener on a free port of loopback, and its URL.
pub(crate) fn bound() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    (listener, url)
}

/// Answers each connection's one request on its own thread. No answer breaks the connection.
pub(crate) fn serve(listener: TcpListener, answer: impl Fn(Received) -> Option<Raw> + Clone + Send + 'static) {
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let answer = answer.clone();
            std::thread::spawn(move || {
                if let Some(raw) = read(&stream).and_then(answer) {
                    write(stream, &raw);
                }
            });
        }
    });
}

fn read(stream: &TcpStream) -> Option<Received> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split(' ');
    let verb = words.next()?.to_owned();
    let url = Url::parse("http://server").ok()?.join(words.next()?).ok()?;
    let mut headers = BTreeMap::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let Some((name, value)) = header.trim_end().split_once(": ") else { break };
        headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    let length = headers.get("content-length").map_or(Some(0), |length| length.parse().ok())?;
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Received { verb, url, headers, body })
}

fn write(mut stream: TcpStream, answer: &Raw) {
    let Raw { status, headers, body } = answer;
    let mut head = format!("HTTP/1.1 {status} x\r\ncontent-length: {}\r\nconnection: close\r\n", body.len());
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    let _gone = stream.write_all(&[format!("{head}\r\n").as_bytes(), body].concat());
}
