// Messages that main_ws_service understands, as the mission document writes them.
import { beatText } from './heartbeat';
import type { TextKey } from './texts';

export interface Template {
  id: string;
  title: TextKey;
  text(now: number): string;
}

const group = (rest = '') => `{
    "socket_action": "init_socket",
    "socket_type": "ws_group"${rest}
}`;

export const initSocket = group();
export const initSocketPerson = group(`,
    "socket_tags": [{"name": "is_person", "value": "1"}]`);
export const initSocketTags = group(`,
    "socket_tags": [{"name": "is_person", "value": "1"}, {"name": "pid", "value": "111111111"}]`);

const closeSocket = `{
    "socket_action": "close_socket",
    "socket_type": "ws_group"
}`;

const callMethod = `{
    "socket_action": "call_method",
    "library": "libMain",
    "method": "method_name"
}`;

export const templates: readonly Template[] = [
  { id: 'init_socket', title: 'template.initSocket', text: () => initSocket },
  { id: 'init_socket_tags', title: 'template.initSocketTags', text: () => initSocketTags },
  { id: 'init_socket_person', title: 'template.initSocketPerson', text: () => initSocketPerson },
  { id: 'close_socket', title: 'template.closeSocket', text: () => closeSocket },
  { id: 'call_method', title: 'template.callMethod', text: () => callMethod },
  { id: 'hbt', title: 'template.heartbeat', text: (now) => beatText('hbt', now) },
  { id: 'ping', title: 'template.ping', text: (now) => beatText('ping', now) },
];
