import { mount } from 'svelte';
import App from './App.svelte';
import './page.css';
import { loadSettings, Workspace, workspaceKey } from './workspace.svelte';

const target = document.getElementById('app');
if (target === null) throw new Error('index.html has no #app');
const workspace = new Workspace(location, loadSettings(), navigator.languages);
const followLink = () => {
  // The fragment is taken off, so that a reload keeps what was changed since.
  if (workspace.follow(location.hash)) history.replaceState(null, '', location.pathname + location.search);
};
followLink();
addEventListener('hashchange', followLink);
mount(App, { target, context: new Map([[workspaceKey, workspace]]) });
