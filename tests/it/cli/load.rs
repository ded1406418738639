//! Many writers at once, and a list of what the server said it had done.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use tokio::task::JoinSet;

use super::server::Client;

/// A delegation that was acknowledged: where it is, what it says, and which audit row stands for it.
#[derive(Clone, Debug)]
pub struct Acknowledged {
    pub path: String,
    pub title: String,
    pub seq: i64,
}

/// Clients that create delegations until the server goes away or their quota is used up.
pub struct Load {
    done: Arc<Mutex<Vec<Acknowledged>>>,
    tasks: JoinSet<()>,
}

impl Load {
    /// Several connections for each of `people`, each creating as fast as it is answered.
    pub fn start(people: &[Client], team: &str) -> Self {
        let done = Arc::<Mutex<Vec<Acknowledged>>>::default();
        let mut tasks = JoinSet::new();
        for (person, client) in people.iter().enumerate() {
            for hand in 0..4 {
                tasks.spawn(write(client.clone(), team.to_owned(), format!("{person}-{hand}"), Arc::clone(&done)));
            }
        }
        Self { done, tasks }
    }

    /// Waits until so many were acknowledged.
    pub async fn reach(&self, count: usize) {
        while self.done.lock().unwrap().len() < count {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Waits until every client has met the end; what was acknowledged by then.
    pub async fn end(mut self) -> Vec<Acknowledged> {
        while let Some(ended) = self.tasks.join_next().await {
            ended.unwrap();
        }
        self.done.lock().unwrap().clone()
    }
}

async fn write(client: Client, team: String, name: String, done: Arc<Mutex<Vec<Acknowledged>>>) {
    for nth in 0.. {
        let title = format!("Mend net {name}-{nth}");
        let path = format!("{team}/delegations");
        let Ok(answer) = client.send("POST", &path, Some(json!({"title": title}))).await else { break };
        if answer.status != 201 {
            assert!([429, 503].contains(&answer.status.as_u16()), "{answer:?}");
            break;
        }
        let header = |name: &str| answer.headers[name].to_str().unwrap().to_owned();
        let seq = header("milton-audit").parse().unwrap();
        done.lock().unwrap().push(Acknowledged { path: header("location"), title, seq });
    }
}
